/*
 * standin-lives: what becomes of processes, in the order of its arguments. It does not know the stand-in runtime until it
 * is told to load it.
 *
 *	load FILE	load the plugin, whose constructor allocates
 *	apart FILE	load it into a namespace of its own, where all libraries are loaded once more
 *	use N		what follows is for the plugin that was loaded as N-th, from 0; else the last one
 *	fail N		ask for more than there is, N times
 *	allocate N, free N
 *	step		print the calls and pools, and wait for a line on standard input
 *	wait		print "AT PID", and wait for a line
 *	sleep		until it is killed
 *	fork		what follows is done by a child; wait for it, and end as it did
 *	fork-too	the same, but the child does nothing and ends with status 0
 *	spawn		a child executes this program with what follows; wait for it, and end as it did
 *	exec		execute this program with what follows
 *	run FILE	execute FILE with what follows
 *	thread		another thread does what follows; the main thread ends
 *	group		become the leader of a process group; session: of a session
 *	many N		N children, each doing what follows; wait for all; the first status that is not 0
 *	stopped		print "STOPS N": how often wait() told that a child was stopped, so far
 *	kill		by SIGKILL;  status N: end with it
 */
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static char **rest;
static char *program;
static void *plugin;
static void *plugins[8];
static size_t nr_plugins;
static int stops;

static const char *next_word()
{
	return *rest ? *rest++ : "";
}

[[noreturn]] static void give_up(const char *what)
{
	fprintf(stderr, "standin-lives: %s: %s\n", what, strerror(errno));
	_exit(99);
}

template <typename... Args> static void call(const char *name, Args... args)
{
	auto function = plugin ? reinterpret_cast<void (*)(Args...)>(dlsym(plugin, name)) : nullptr;

	if (!function)
		give_up(name);
	function(args...);
}

static void wait_for_line()
{
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		continue;
}

/* As a parent that wants to know all. */
static int wait_for(pid_t pid)
{
	int status;

	for (;;) {
		if (waitpid(pid, &status, WUNTRACED) < 0) {
			if (errno == EINTR)
				continue;
			give_up("waitpid");
		}
		if (!WIFSTOPPED(status))
			return status;
		stops++;
	}
}

[[noreturn]] static void end_as(int status)
{
	if (WIFSIGNALED(status))
		_exit(128 + WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

[[noreturn]] static void become(const char *file)
{
	rest[-1] = const_cast<char *>(file);
	execv(file, rest - 1);
	give_up(file);
}

static pid_t start()
{
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork");
	return pid;
}

static void keep(void *loaded)
{
	if (!loaded || nr_plugins == sizeof(plugins) / sizeof(plugins[0])) {
		fprintf(stderr, "standin-lives: %s\n", loaded ? "too many plugins" : dlerror());
		_exit(99);
	}
	plugins[nr_plugins++] = plugin = loaded;
}

static void use()
{
	size_t i = strtoul(next_word(), nullptr, 10);

	if (i >= nr_plugins)
		give_up("use");
	plugin = plugins[i];
}

static void step()
{
	call("plugin_step", "lives");
	wait_for_line();
}

static void stand()
{
	printf("AT %d\n", getpid());
	fflush(stdout);
	wait_for_line();
}

static void fork_here()
{
	pid_t pid = start();

	if (pid)
		end_as(wait_for(pid));
}

static void fork_too()
{
	pid_t pid = start();

	if (!pid)
		_exit(0);
	if (wait_for(pid))
		give_up("a child");
}

static void spawn()
{
	pid_t pid = start();

	if (!pid)
		become(program);
	end_as(wait_for(pid));
}

static void many()
{
	long nr = strtol(next_word(), nullptr, 10);
	int worst = 0;

	for (long i = 0; i < nr; i++)
		if (!start())
			return;
	for (long i = 0; i < nr; i++) {
		int status = wait_for(-1);

		if (status && !worst)
			worst = status;
	}
	end_as(worst);
}

static void obey();

static void in_thread()
{
	pthread_t thread;

	if (pthread_create(&thread, nullptr, [](void *arg) -> void * {
		    obey();
		    exit(0);
		    return arg;
	    }, nullptr))
		give_up("pthread_create");
	pthread_exit(nullptr);
}

static const struct {
	const char *word;
	void (*act)();
} actions[] = {
	{"load", [] { keep(dlopen(next_word(), RTLD_NOW)); }},
	{"apart", [] { keep(dlmopen(LM_ID_NEWLM, next_word(), RTLD_NOW)); }},
	{"use", use},
	{"fail", [] { call("plugin_fail", strtoul(next_word(), nullptr, 10)); }},
	{"allocate", [] { call("plugin_allocate", strtoul(next_word(), nullptr, 10)); }},
	{"free", [] { call("plugin_free", strtoul(next_word(), nullptr, 10)); }},
	{"step", step},
	{"wait", stand},
	{"sleep", [] { for (;;) pause(); }},
	{"fork", fork_here},
	{"fork-too", fork_too},
	{"spawn", spawn},
	{"exec", [] { become(program); }},
	{"run", [] { const char *file = next_word(); become(file); }},
	{"thread", in_thread},
	{"group", [] { setpgid(0, 0); }},
	{"session", [] { setsid(); }},
	{"many", many},
	{"stopped", [] { printf("STOPS %d\n", stops); fflush(stdout); }},
	{"kill", [] { kill(getpid(), SIGKILL); }},
	{"status", [] { _exit(static_cast<int>(strtol(next_word(), nullptr, 10))); }},
};

static void obey()
{
	while (*rest) {
		const char *word = next_word();
		bool known = false;

		for (const auto &row : actions) {
			if (strcmp(row.word, word))
				continue;
			row.act();
			known = true;
			break;
		}
		if (!known)
			give_up(word);
	}
}

int main(int, char **argv)
{
	program = realpath("/proc/self/exe", nullptr);
	rest = argv + 1;
	obey();
	return 0;
}

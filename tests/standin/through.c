/* libstandin_through.so: calls back, from a file that a program maps late. */
void through(void (*call)(void *), void *context);

void through(void (*call)(void *), void *context)
{
	call(context);
	__asm__ volatile("" ::: "memory");
}

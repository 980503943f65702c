/* view/device_rows.h, device_name.h: which rows chips and devices have, what they are called, and sums of several processes. */
#include "view_table.h"

#include "view/explain.h"
#include "view/json.h"
#include "view/log.h"

#define DEVICE(time, process, owner, fields) "device" S(time) "process=" #process " owner=0x" #owner " " fields "\n"
#define PROCESS(time, number, pid, fields)                                                                          \
	"attach" S(time) "process=" #number " pid=" #pid " name=p" #number " runtime=tt-metal pools=DRAM,L1 " fields "\n" \
	"census" S(time) "process=" #number " reason=begin\ncensus" S(time) "process=" #number " reason=end\n"
#define PUT(time, process, arena, address, bytes)                                                                   \
	"alloc" S(time) "process=" #process " tid=7 arena=" #arena " address=" #address " reserved=" #bytes " asked=" #bytes "\n"
#define TAKE(time, process, arena, address) "free" S(time) "process=" #process " arena=" #arena " address=" #address "\n"
/* Eight chips, of which four are a submesh. */
#define EIGHT                                                                                                        \
	PROCESS(100, 1, 41, "") ARENA(101, 1, 1, 10, DRAM, 12, 1073741824) ARENA(101, 1, 2, 10, L1, 64, 1400000)     \
	ARENA(101, 1, 3, 20, DRAM, 12, 1073741824)                                                                   \
	DEVICE(101, 1, 10, "mesh=1 chips=0,1,2,3,4,5,6,7") DEVICE(101, 1, 20, "mesh=3 chips=0,1,2,3 parent=0x10")    \
	PUT(101, 1, 1, 4096, 2113536) PUT(101, 1, 2, 4096, 4096)
#define SUBMESH(time) PUT(time, 1, 3, 4096, 1056768)

static void chips_with_the_same_figures_share_a_row(void **state)
{
	(void)state;
	check_table(EIGHT TICK(102) SUBMESH(103) TICK(103) PUT(104, 1, 2, 9000, 512) TICK(104), &(struct table_options){.delta = true},
		"pooltrace - pid 41 p1 - tt-metal - attached 2 s - not checked yet - 2 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use      TOTAL\n"
		"   41  p1          0-7        2   2.02 MiB  <1%   4.00 KiB  <1%   2.02 MiB  x8\n"
		"pooltrace - pid 41 p1 - tt-metal - attached 3 s - not checked yet - 3 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use      TOTAL\n"
		"   41  p1          0-3        3   3.02 MiB  <1%   4.00 KiB  <1%   3.03 MiB  x4\n"
		"                   +/-       +1  +1.01 MiB               -       +1.01 MiB\n"
		"   41  p1          4-7        2   2.02 MiB  <1%   4.00 KiB  <1%   2.02 MiB  x4\n"
		"                   +/-        -          -               -               -\n"
		"pooltrace - pid 41 p1 - tt-metal - attached 4 s - not checked yet - 4 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use      TOTAL\n"
		"   41  p1          0-3        4   3.02 MiB  <1%   4.50 KiB  <1%   3.03 MiB  x4\n"
		"                   +/-       +1          -          +512 B          +512 B\n"
		"   41  p1          4-7        3   2.02 MiB  <1%   4.50 KiB  <1%   2.02 MiB  x4\n"
		"                   +/-       +1          -          +512 B          +512 B\n");
	check_table(EIGHT SUBMESH(103) TICK(103), &(struct table_options){.wide = true, .recorded = true},
		"pooltrace - pid 41 p1 - tt-metal - attached 3 s - not checked yet - 3 events, 0 lost\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  POOL      BUFFERS  RESERVED     ASKED      PEAK  CAPACITY  use  LARGEST-"
		"FREE     TRACE\n"
		"   41  p1          0-3  DRAM            2  3.02 MiB  3.02 MiB  3.02 MiB  12.0 GiB  <1%          "
		"   ?       0 B  x4\n"
		"   41  p1          0-3  L1              1  4.00 KiB  4.00 KiB  4.00 KiB  85.4 MiB  <1%          "
		"   ?       0 B  x4\n"
		"   41  p1          4-7  DRAM            1  2.02 MiB  2.02 MiB  2.02 MiB  12.0 GiB  <1%      1.00"
		" GiB       0 B  x4\n"
		"   41  p1          4-7  L1              1  4.00 KiB  4.00 KiB  4.00 KiB  85.4 MiB  <1%      1.34"
		" MiB       0 B  x4\n");
}

static void rows_by_mesh_are_the_devices_of_the_runtime(void **state)
{
	(void)state;
	check_table(EIGHT SUBMESH(103) TICK(103) TAKE(104, 1, 1, 4096) TICK(104), &(struct table_options){.by_mesh = true, .delta = true},
		"pooltrace - pid 41 p1 - tt-metal - attached 3 s - not checked yet - 3 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS        DEVICE  BUFFERS       DRAM  use         L1  use      TOTAL\n"
		"   41  p1       mesh 1 (0-7)        2   2.02 MiB  <1%   4.00 KiB  <1%   2.02 MiB  x8\n"
		"   41  p1       mesh 3 (0-3)        1   1.01 MiB  <1%          -    -   1.01 MiB  x4\n"
		"pooltrace - pid 41 p1 - tt-metal - attached 4 s - not checked yet - 4 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS        DEVICE  BUFFERS       DRAM  use         L1  use      TOTAL\n"
		"   41  p1       mesh 1 (0-7)        1        0 B   0%   4.00 KiB  <1%   4.00 KiB  x8\n"
		"                         +/-       -1  -2.02 MiB               -       -2.02 MiB\n"
		"   41  p1       mesh 3 (0-3)        1   1.01 MiB  <1%          -    -   1.01 MiB  x4\n"
		"                         +/-        -          -               -               -\n");
	check_table(EIGHT SUBMESH(103) TICK(103), &(struct table_options){.by_mesh = true, .wide = true},
		"pooltrace - pid 41 p1 - tt-metal - attached 3 s - not checked yet - 3 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS                  DEVICE  POOL      BUFFERS  RESERVED     ASKED      PEAK  CAPACIT"
		"Y  use  LARGEST-FREE     TRACE\n"
		"   41  p1                 mesh 1 (0-7)  DRAM            1  2.02 MiB  2.02 MiB  2.02 MiB  12.0 Gi"
		"B  <1%      1.00 GiB       0 B  x8\n"
		"   41  p1                 mesh 1 (0-7)  L1              1  4.00 KiB  4.00 KiB  4.00 KiB  85.4 Mi"
		"B  <1%      1.34 MiB       0 B  x8\n"
		"   41  p1       mesh 3 (0-3) in mesh 1  DRAM            1  1.01 MiB  1.01 MiB  1.01 MiB  12.0 Gi"
		"B  <1%      1.00 GiB       0 B  x4\n");
	check_table(EIGHT SUBMESH(103) DEVICE(103, 1, 20, "mesh=3 count=4 parent=0x99") DEVICE(103, 1, 10, "chips=0,1") TICK(103),
		    &(struct table_options){.by_mesh = true, .wide = true},
		"pooltrace - pid 41 p1 - tt-metal - attached 3 s - not checked yet - 3 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS                 DEVICE  POOL      BUFFERS  RESERVED     ASKED      PEAK  CAPACITY"
		"  use  LARGEST-FREE     TRACE\n"
		"   41  p1                         0-1  DRAM            1  2.02 MiB  2.02 MiB  2.02 MiB  12.0 GiB"
		"  <1%      1.00 GiB       0 B  x2\n"
		"   41  p1                         0-1  L1              1  4.00 KiB  4.00 KiB  4.00 KiB  85.4 MiB"
		"  <1%      1.34 MiB       0 B  x2\n"
		"   41  p1       mesh 3 of 4 in mesh ?  DRAM            1  1.01 MiB  1.01 MiB  1.01 MiB  12.0 GiB"
		"  <1%      1.00 GiB       0 B  x4\n");
}

/* Devices of which more and more is known: nothing, that it is a mesh, how many chips it has. */
#define UNKNOWN                                                                                                      \
	PROCESS(100, 1, 41, "") ARENA(101, 1, 1, 10, DRAM, 2, 1000) ARENA(101, 1, 2, 20, DRAM, 2, 1000)              \
	ARENA(101, 1, 3, 30, DRAM, 2, 1000) ARENA(101, 1, 4, 40, DRAM, 2, 1000)                                      \
	DEVICE(101, 1, 20, "mesh=5") DEVICE(101, 1, 30, "mesh=6 count=8") DEVICE(101, 1, 40, "mesh=7 chips=9")       \
	PUT(101, 1, 1, 4096, 100) PUT(101, 1, 2, 4096, 200) PUT(101, 1, 3, 4096, 300) PUT(101, 1, 4, 4096, 400)

static void what_is_not_known_of_chips_is_said(void **state)
{
	(void)state;
	check_table(UNKNOWN TICK(102), &(struct table_options){},
		"pooltrace - pid 41 p1 - tt-metal - attached 2 s - not checked yet - 4 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS     DEVICE  BUFFERS      DRAM  use        L1     TOTAL\n"
		"   41  p1               9        1     400 B  20%         -     400 B\n"
		"   41  p1        device 0        1     100 B   5%         -     100 B\n"
		"   41  p1            mesh        1     200 B  10%         -     200 B  x?\n"
		"   41  p1       mesh of 8        1     300 B  15%         -     300 B  x8\n");
	check_table(UNKNOWN TICK(102), &(struct table_options){.by_mesh = true},
		"pooltrace - pid 41 p1 - tt-metal - attached 2 s - not checked yet - 4 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS       DEVICE  BUFFERS      DRAM  use        L1     TOTAL\n"
		"   41  p1          device 0        1     100 B   5%         -     100 B\n"
		"   41  p1            mesh 5        1     200 B  10%         -     200 B  x?\n"
		"   41  p1       mesh 6 of 8        1     300 B  15%         -     300 B  x8\n"
		"   41  p1        mesh 7 (9)        1     400 B  20%         -     400 B\n");
}

static void changes_are_of_a_chip_whatever_row_it_was_in(void **state)
{
	(void)state;
	/* Two rows become one: its chips did not have the same before. Then they have. */
	check_table(EIGHT SUBMESH(102) TICK(102) "clear" S(103) "process=1 arena=3 reason=gone\n" TICK(103) PUT(104, 1, 2, 9000, 512) TICK(104),
		    &(struct table_options){.delta = true, .bytes = true},
		"pooltrace - pid 41 p1 - tt-metal - attached 2 s - not checked yet - 3 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use      TOTAL\n"
		"   41  p1          0-3        3    3170304  <1%       4096  <1%    3174400  x4\n"
		"   41  p1          4-7        2    2113536  <1%       4096  <1%    2117632  x4\n"
		"pooltrace - pid 41 p1 - tt-metal - attached 3 s - not checked yet - 4 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use      TOTAL\n"
		"   41  p1          0-7        2    2113536  <1%       4096  <1%    2117632  x8\n"
		"                   +/-        ?          ?               -               ?\n"
		"pooltrace - pid 41 p1 - tt-metal - attached 4 s - not checked yet - 5 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1  use      TOTAL\n"
		"   41  p1          0-7        3    2113536  <1%       4608  <1%    2118144  x8\n"
		"                   +/-       +1          -            +512            +512\n");
	/* It becomes known on which chips a device stands. */
	check_table(PROCESS(100, 1, 41, "") ARENA(101, 1, 1, 10, DRAM, 2, 1000) PUT(101, 1, 1, 4096, 100) TICK(101)
		    DEVICE(102, 1, 10, "chips=4,5") PUT(102, 1, 1, 5096, 7) TICK(102),
		    &(struct table_options){.delta = true, .bytes = true},
		"pooltrace - pid 41 p1 - tt-metal - attached 1 s - not checked yet - 1 event, 0 lost - every 500m"
		"s\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1      TOTAL\n"
		"   41  p1            0        1        100   5%          -        100\n"
		"pooltrace - pid 41 p1 - tt-metal - attached 2 s - not checked yet - 2 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1      TOTAL\n"
		"   41  p1          4-5        2        107   5%          -        107  x2\n"
		"                   +/-       +1         +7               -         +7\n");
}

static void narrow_terminals_never_show_a_part_of_a_number(void **state)
{
	(void)state;
	check_table(EIGHT TICK(102), &(struct table_options){.columns = 20, .rows = 4},
		"pooltrace - pid 41 p\n"
		"PID     TOTAL\n"
		" 41  2.02 MiB  x8\n");
	check_table(EIGHT TICK(102), &(struct table_options){.columns = 16, .rows = 4},
		"pooltrace - pid \n"
		"PID     TOTAL\n"
		" 41  2.02 MiB\n");
	check_table(EIGHT TICK(102), &(struct table_options){.columns = 48, .rows = 4},
		"pooltrace - pid 41 p1 - tt-metal - attached 2 s \n"
		"PID  DEVICE      DRAM        L1     TOTAL\n"
		" 41     0-7  2.02 MiB  4.00 KiB  2.02 MiB  x8\n");
}

static void long_lists_of_chips_are_cut(void **state)
{
	(void)state;
	check_table(PROCESS(100, 1, 41, "") ARENA(101, 1, 1, 10, DRAM, 2, 1000) DEVICE(101, 1, 10, "chips=0,2,4,6,7,8,9,10,12,14,16,18,20,22")
		    PUT(101, 1, 1, 4096, 100) TICK(101), &(struct table_options){},
		"pooltrace - pid 41 p1 - tt-metal - attached 1 s - not checked yet - 1 event, 0 lost - every 500m"
		"s\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS                      DEVICE  BUFFERS      DRAM  use        L1     TOTAL\n"
		"   41  p1       0,2,4,6-10,12,14,16,18,...        1     100 B   5%         -     100 B  x14\n");
}

static void rows_are_selected_by_chip(void **state)
{
	_cleanup_(selection_release) struct selection low = {}, none = {}, third = {};

	(void)state;
	selection_add_devices(&low, "2", NULL);
	selection_add_devices(&none, "8-11", NULL);
	selection_add_devices(&third, "2-9", NULL);
	check_table(EIGHT SUBMESH(103) TICK(103), &(struct table_options){.selection = &low},
		"pooltrace - pid 41 p1 - tt-metal - attached 3 s - not checked yet - 3 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM  use        L1  use     TOTAL\n"
		"   41  p1          0-3        3  3.02 MiB  <1%  4.00 KiB  <1%  3.03 MiB  x4\n");
	check_table(EIGHT SUBMESH(103) TICK(103), &(struct table_options){.selection = &low, .by_mesh = true},
		"pooltrace - pid 41 p1 - tt-metal - attached 3 s - not checked yet - 3 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS        DEVICE  BUFFERS      DRAM  use        L1  use     TOTAL\n"
		"   41  p1       mesh 1 (0-7)        2  2.02 MiB  <1%  4.00 KiB  <1%  2.02 MiB  x8\n"
		"   41  p1       mesh 3 (0-3)        1  1.01 MiB  <1%         -    -  1.01 MiB  x4\n");
	check_table(EIGHT SUBMESH(103) TICK(103), &(struct table_options){.selection = &none},
		"pooltrace - pid 41 p1 - tt-metal - attached 3 s - not checked yet - 3 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM        L1     TOTAL\n"
		"       nothing on these devices\n");
	/* By number where chips are not known: the third, and chip 9. */
	check_table(UNKNOWN TICK(103), &(struct table_options){.selection = &third},
		"pooltrace - pid 41 p1 - tt-metal - attached 3 s - not checked yet - 4 events, 0 lost - every 500"
		"ms\n"
		"init: no trace has been captured yet\n"
		"  PID  PROCESS     DEVICE  BUFFERS      DRAM  use        L1     TOTAL\n"
		"   41  p1               9        1     400 B  20%         -     400 B\n"
		"   41  p1       mesh of 8        1     300 B  15%         -     300 B  x8\n");
}

/* Two processes on chip 1, of which one has more chips. */
#define SHARED(first, second)                                                                                        \
	PROCESS(100, 1, 41, first) ARENA(100, 1, 1, 10, DRAM, 2, 1000) DEVICE(100, 1, 10, "mesh=1 chips=0,1") PUT(100, 1, 1, 4096, 500) \
	PROCESS(100, 2, 42, second) ARENA(100, 2, 2, 10, DRAM, 2, 1000) DEVICE(100, 2, 10, "mesh=1 chips=1") PUT(100, 2, 2, 4096, 700)

static void what_processes_have_on_the_same_chip_is_summed_up(void **state)
{
	(void)state;
	check_table(SHARED("visible=\"\"", "visible=\"\"") TICK(101) PUT(102, 2, 2, 5096, 100) TICK(102)
		    "detach" S(103) "process=2 reason=exit\n" TICK(103), &(struct table_options){.delta = true},
		"pooltrace - 2 processes - tt-metal - attached 1 s - not checked yet - 2 events, 0 lost - every 5"
		"00ms\n"
		"41 p1: init: no trace has been captured yet\n"
		"42 p2: init: no trace has been captured yet\n"
		"  PID  PROCESS      DEVICE  BUFFERS       DRAM  use         L1      TOTAL\n"
		"   41  p1              0-1        1      500 B  25%          -      500 B  x2\n"
		"   42  p2                1        1      700 B  35%          -      700 B\n"
		"  sum  2 processes       1        2   1.17 KiB  60%          -   1.17 KiB\n"
		"pooltrace - 2 processes - tt-metal - attached 2 s - not checked yet - 3 events, 0 lost - every 5"
		"00ms\n"
		"41 p1: init: no trace has been captured yet\n"
		"42 p2: init: no trace has been captured yet\n"
		"  PID  PROCESS      DEVICE  BUFFERS       DRAM  use         L1      TOTAL\n"
		"   41  p1              0-1        1      500 B  25%          -      500 B  x2\n"
		"                       +/-        -          -               -          -\n"
		"   42  p2                1        2      800 B  40%          -      800 B\n"
		"                       +/-       +1     +100 B               -     +100 B\n"
		"  sum  2 processes       1        3   1.27 KiB  65%          -   1.27 KiB\n"
		"                       +/-       +1     +100 B               -     +100 B\n"
		"pooltrace - pid 41 p1, 1 ended - tt-metal - attached 3 s - not checked yet - 3 events, 0 lost - "
		"every 500ms\n"
		"init: no trace has been captured yet\n"
		"42 p2: ended: exit\n"
		"  PID  PROCESS  DEVICE  BUFFERS       DRAM  use         L1      TOTAL\n"
		"   41  p1          0-1        1      500 B  25%          -      500 B  x2\n"
		"                   +/-        -          -               -          -\n");
	check_table(SHARED("visible=0,1", "visible=0,1") TICK(101), &(struct table_options){.wide = true},
		"pooltrace - 2 processes - tt-metal - attached 1 s - not checked yet - 2 events, 0 lost - every 5"
		"00ms\n"
		"41 p1: init: no trace has been captured yet\n"
		"42 p2: init: no trace has been captured yet\n"
		"  PID  PROCESS      DEVICE  POOL      BUFFERS  RESERVED     ASKED      PEAK  CAPACITY  use  LARG"
		"EST-FREE     TRACE\n"
		"   41  p1              0-1  DRAM            1     500 B     500 B     500 B  1.95 KiB  25%      "
		"   750 B       0 B  x2\n"
		"   42  p2                1  DRAM            1     700 B     700 B     700 B  1.95 KiB  35%      "
		"   650 B       0 B\n"
		"  sum  2 processes       1  DRAM            2  1.17 KiB  1.17 KiB         ?  1.95 KiB  60%      "
		"       ?       0 B\n");
	check_table(SHARED("visible=0,1", "visible=0,1") TICK(101), &(struct table_options){.by_mesh = true},
		"pooltrace - 2 processes - tt-metal - attached 1 s - not checked yet - 2 events, 0 lost - every 5"
		"00ms\n"
		"41 p1: init: no trace has been captured yet\n"
		"42 p2: init: no trace has been captured yet\n"
		"  PID  PROCESS        DEVICE  BUFFERS      DRAM  use        L1     TOTAL\n"
		"   41  p1       mesh 1 (0-1)        1     500 B  25%         -     500 B  x2\n"
		"   42  p2         mesh 1 (1)        1     700 B  35%         -     700 B\n");
}

static void chips_that_may_be_others_are_not_summed_up(void **state)
{
	static const char *const differ =
		"pooltrace - 2 processes - tt-metal - attached 1 s - not checked yet - 2 events, 0 lost - every 5"
		"00ms\n"
		"41 p1: init: no trace has been captured yet\n"
		"42 p2: init: no trace has been captured yet\n"
		"  PID  PROCESS  DEVICE  BUFFERS      DRAM  use        L1     TOTAL\n"
		"   41  p1          0-1        1     500 B  25%         -     500 B  x2\n"
		"   42  p2            1        1     700 B  35%         -     700 B\n";

	(void)state;
	check_table(SHARED("visible=0,1", "visible=2,3") TICK(101), &(struct table_options){}, differ);
	check_table(SHARED("visible=0,1", "") TICK(101), &(struct table_options){}, differ);
	check_table(SHARED("", "") TICK(101), &(struct table_options){}, differ);
	/* A device that stands on nobody knows which chips: what its process has on chip 1 is not known. */
	check_table(SHARED("visible=0", "visible=0") ARENA(101, 2, 3, 20, DRAM, 2, 1000) PUT(101, 2, 3, 4096, 1) TICK(101),
		    &(struct table_options){},
		"pooltrace - 2 processes - tt-metal - attached 1 s - not checked yet - 3 events, 0 lost - every 5"
		"00ms\n"
		"41 p1: init: no trace has been captured yet\n"
		"42 p2: init: no trace has been captured yet\n"
		"  PID  PROCESS    DEVICE  BUFFERS      DRAM  use        L1     TOTAL\n"
		"   41  p1            0-1        1     500 B  25%         -     500 B  x2\n"
		"   42  p2              1        1     700 B  35%         -     700 B\n"
		"   42  p2       device 1        1       1 B  <1%         -       1 B\n");
}

static void add_state(struct view *v, const struct record *r, const struct effect *e)
{
	(void)e;
	if (r->kind == RECORD_TICK)
		json_add_state(&v->out, v->ledger, NULL, *(const bool *)v->options);
}

static void check_json(const char *stream, bool by_mesh, const char *expected)
{
	struct view v = {.add = add_state, .options = &by_mesh};

	view_run(&v, stream);
	assert_string_equal(str_text(&v.out), expected);
	view_release(&v);
}

static void json_says_of_which_chips_figures_are(void **state)
{
	(void)state;
	check_json(EIGHT SUBMESH(103) TICK(103), false,
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:43.000Z\",\"processes\":[{\"pid\":41,\"name\":\"p1\","
		"\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,\"phase\":\"init\",\"phase_start_ns\":1000"
		"00000000,\"replays\":0,\"coverage\":\"exact\",\"failed_allocations\":0,\"devices\":[{\"device\":"
		"\"0-3\",\"chips\":[0,1,2,3],\"count\":4,\"meshes\":[1,3],\"buffers\":3,\"pools\":{\"DRAM\":{\"re"
		"served\":3170304,\"asked\":3170304,\"buffers\":2,\"peak\":3170304,\"capacity\":12884901888,\"tra"
		"ce\":0},\"L1\":{\"reserved\":4096,\"asked\":4096,\"buffers\":1,\"peak\":4096,\"capacity\":896000"
		"00,\"trace\":0}}},{\"device\":\"4-7\",\"chips\":[4,5,6,7],\"count\":4,\"mesh\":1,\"buffers\":2,"
		"\"pools\":{\"DRAM\":{\"reserved\":2113536,\"asked\":2113536,\"buffers\":1,\"peak\":2113536,\"cap"
		"acity\":12884901888,\"largest_free\":1073565696,\"trace\":0},\"L1\":{\"reserved\":4096,\"asked"
		"\":4096,\"buffers\":1,\"peak\":4096,\"capacity\":89600000,\"largest_free\":1399936,\"trace\":0}}"
		"}]}],\"events\":3,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}"
		"\n");
	check_json(EIGHT SUBMESH(103) TICK(103), true,
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:43.000Z\",\"processes\":[{\"pid\":41,\"name\":\"p1\","
		"\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,\"phase\":\"init\",\"phase_start_ns\":1000"
		"00000000,\"replays\":0,\"coverage\":\"exact\",\"failed_allocations\":0,\"devices\":[{\"device\":"
		"\"0-7\",\"chips\":[0,1,2,3,4,5,6,7],\"count\":8,\"mesh\":1,\"buffers\":2,\"pools\":{\"DRAM\":{"
		"\"reserved\":2113536,\"asked\":2113536,\"buffers\":1,\"peak\":2113536,\"capacity\":12884901888,"
		"\"largest_free\":1073565696,\"trace\":0},\"L1\":{\"reserved\":4096,\"asked\":4096,\"buffers\":1,"
		"\"peak\":4096,\"capacity\":89600000,\"largest_free\":1399936,\"trace\":0}}},{\"device\":\"0-3\","
		"\"chips\":[0,1,2,3],\"count\":4,\"mesh\":3,\"parent\":1,\"buffers\":1,\"pools\":{\"DRAM\":{\"res"
		"erved\":1056768,\"asked\":1056768,\"buffers\":1,\"peak\":1056768,\"capacity\":12884901888,\"larg"
		"est_free\":1073653760,\"trace\":0}}}]}],\"events\":3,\"lost\":0,\"corrections\":0,\"unread\":0,"
		"\"unknown_frees\":0,\"replaced\":0}\n");
	check_json(UNKNOWN TICK(103), false,
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:43.000Z\",\"processes\":[{\"pid\":41,\"name\":\"p1\","
		"\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,\"phase\":\"init\",\"phase_start_ns\":1000"
		"00000000,\"replays\":0,\"coverage\":\"exact\",\"failed_allocations\":0,\"devices\":[{\"device\":"
		"\"9\",\"chips\":[9],\"count\":1,\"mesh\":7,\"buffers\":1,\"pools\":{\"DRAM\":{\"reserved\":400,"
		"\"asked\":400,\"buffers\":1,\"peak\":400,\"capacity\":2000,\"largest_free\":800,\"trace\":0}}},{"
		"\"device\":\"device 0\",\"buffers\":1,\"pools\":{\"DRAM\":{\"reserved\":100,\"asked\":100,\"buff"
		"ers\":1,\"peak\":100,\"capacity\":2000,\"largest_free\":950,\"trace\":0}}},{\"device\":\"mesh\","
		"\"mesh\":5,\"buffers\":1,\"pools\":{\"DRAM\":{\"reserved\":200,\"asked\":200,\"buffers\":1,\"pea"
		"k\":200,\"capacity\":2000,\"largest_free\":900,\"trace\":0}}},{\"device\":\"mesh of 8\",\"count"
		"\":8,\"mesh\":6,\"buffers\":1,\"pools\":{\"DRAM\":{\"reserved\":300,\"asked\":300,\"buffers\":1,"
		"\"peak\":300,\"capacity\":2000,\"largest_free\":850,\"trace\":0}}}]}],\"events\":4,\"lost\":0,"
		"\"corrections\":0,\"unread\":0,\"unknown_frees\":0,\"replaced\":0}\n");
	check_json(SHARED("visible=0,1", "visible=0,1") TICK(101), false,
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:41.000Z\",\"processes\":[{\"pid\":41,\"name\":\"p1\","
		"\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,\"visible\":\"0,1\",\"phase\":\"init\",\"p"
		"hase_start_ns\":100000000000,\"replays\":0,\"coverage\":\"exact\",\"failed_allocations\":0,\"dev"
		"ices\":[{\"device\":\"0-1\",\"chips\":[0,1],\"count\":2,\"mesh\":1,\"buffers\":1,\"pools\":{\"DR"
		"AM\":{\"reserved\":500,\"asked\":500,\"buffers\":1,\"peak\":500,\"capacity\":2000,\"largest_free"
		"\":750,\"trace\":0}}}]},{\"pid\":42,\"name\":\"p2\",\"runtime\":\"tt-metal\",\"attached_ns\":100"
		"000000000,\"visible\":\"0,1\",\"phase\":\"init\",\"phase_start_ns\":100000000000,\"replays\":0,"
		"\"coverage\":\"exact\",\"failed_allocations\":0,\"devices\":[{\"device\":\"1\",\"chips\":[1],\"c"
		"ount\":1,\"mesh\":1,\"buffers\":1,\"pools\":{\"DRAM\":{\"reserved\":700,\"asked\":700,\"buffers"
		"\":1,\"peak\":700,\"capacity\":2000,\"largest_free\":650,\"trace\":0}}}]}],\"sums\":[{\"runtime"
		"\":\"tt-metal\",\"visible\":\"0,1\",\"pids\":[41,42],\"device\":\"1\",\"chips\":[1],\"count\":1,"
		"\"buffers\":2,\"pools\":{\"DRAM\":{\"reserved\":1200,\"asked\":1200,\"buffers\":2,\"capacity\":2"
		"000,\"trace\":0}}}],\"events\":2,\"lost\":0,\"corrections\":0,\"unread\":0,\"unknown_frees\":0,"
		"\"replaced\":0}\n");
}

static void add_log(struct view *v, const struct record *r, const struct effect *e)
{
	log_add(&v->out, r, e, v->options);
}

static void add_json_events(struct view *v, const struct record *r, const struct effect *e)
{
	json_add_event(&v->out, r, e, NULL);
}

static void events_are_of_the_chips_of_a_device(void **state)
{
	struct view v = {.add = add_log, .options = &(struct log_options){}}, w = {.add = add_json_events};

	(void)state;
	view_run(&v, EIGHT SUBMESH(103));
	assert_string_equal(str_text(&v.out),
		"00:01:40.000000       41        -  phase       init begins: no device memory is in use yet\n"
		"00:01:41.000000       41        7  alloc       0-7  DRAM       2.02 MiB   2.02 MiB  0x1000\n"
		"00:01:41.000000       41        7  alloc       0-7  L1         4.00 KiB   4.00 KiB  0x1000\n"
		"00:01:43.000000       41        7  alloc       0-3  DRAM       1.01 MiB   1.01 MiB  0x1000\n");
	view_release(&v);
	view_run(&w, EIGHT SUBMESH(103));
	assert_string_equal(str_text(&w.out),
		"{\"event\":\"phase\",\"time_ns\":100000000000,\"pid\":41,\"phase\":\"init\",\"state\":\"begin\","
		"\"reason\":\"no device memory is in use yet\"}\n"
		"{\"event\":\"alloc\",\"time_ns\":101000000000,\"pid\":41,\"tid\":7,\"device\":\"0-7\",\"mesh\":1"
		",\"pool\":\"DRAM\",\"reserved\":2113536,\"asked\":2113536,\"address\":4096}\n"
		"{\"event\":\"alloc\",\"time_ns\":101000000000,\"pid\":41,\"tid\":7,\"device\":\"0-7\",\"mesh\":1"
		",\"pool\":\"L1\",\"reserved\":4096,\"asked\":4096,\"address\":4096}\n"
		"{\"event\":\"alloc\",\"time_ns\":103000000000,\"pid\":41,\"tid\":7,\"device\":\"0-3\",\"mesh\":3"
		",\"pool\":\"DRAM\",\"reserved\":1056768,\"asked\":1056768,\"address\":4096}\n");
	view_release(&w);
}

static void add_explained(struct view *v, const struct record *r, const struct effect *e)
{
	(void)e;
	if (r->kind == RECORD_TICK && *(const bool *)v->state)
		explain_add_json(&v->out, v->ledger, v->options);
	else if (r->kind == RECORD_TICK)
		explain_add(&v->out, v->ledger, v->options);
}

static void check_explained(const char *stream, bool json, const char *expected)
{
	struct view v = {.add = add_explained, .options = &(struct explain_options){}, .state = &json};

	view_run(&v, stream);
	assert_string_equal(str_text(&v.out), expected);
	view_release(&v);
}

#define ADVISED                                                                                                      \
	PROCESS(100, 1, 41, "advice=\"L1:small:bank=32\"") ARENA(101, 1, 1, 10, L1, 2, 4096) ARENA(101, 1, 2, 20, L1, 2, 4096) \
	DEVICE(101, 1, 10, "mesh=1 chips=0,1") DEVICE(101, 1, 20, "mesh=3 chips=1 parent=0x10")                      \
	PUT(101, 1, 1, 4096, 128)

static void explanations_name_chips_or_the_mesh_where_chips_have_several(void **state)
{
	(void)state;
	check_explained(ADVISED "failed" S(101) "process=1 arena=1 asked=9000 needed=4500 reason=throw\n" TICK(102), false,
		"pooltrace - pid 41 p1 - tt-metal - attached 2 s - not checked yet - 2 events, 0 lost, 1 failed a"
		"llocation - every 500ms\n"
		"\n"
		"PHASE                           DEVICE       DRAM         L1      TOTAL      CHANGE     LASTED  "
		"ALLOCATED  FREED  FAILED  REPLAYS\n"
		"init (now)                      0-1 x2          -      128 B      128 B      +128 B        2 s  "
		"        1      0       1        0\n"
		"\n"
		"No trace was captured.\n"
		"To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
		"COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
		"events -p 41').\n"
		"L1 of device 0-1 took at most 64 B in each of 2 banks, of 4.00 KiB; with what failed and holes i"
		"t\n"
		"would have been 4.46 KiB. small=4545 is the least; what would have come behind the failure is no"
		"t\n"
		"known (the runtime makes 4.47 KiB a bank of it).\n"
		"1 allocation failed:\n"
		"1 s ago, during init: L1 of device 0-1 was exhausted. Asked for were 8.79 KiB, which needs 4.39 "
		"KiB\n"
		"  in each bank. Of 4.00 KiB a bank 64 B were allocated, 3.94 KiB were free; the largest free blo"
		"ck\n"
		"  had 3.94 KiB. Held by 1 x 128 B, all banks.\n");
	check_explained(ADVISED PUT(101, 1, 2, 4096, 64) TICK(102), false,
		"pooltrace - pid 41 p1 - tt-metal - attached 2 s - not checked yet - 2 events, 0 lost - every 500"
		"ms\n"
		"\n"
		"PHASE                           DEVICE                DRAM         L1      TOTAL      CHANGE    "
		" LASTED  ALLOCATED  FREED  FAILED  REPLAYS\n"
		"init (now)                      mesh 1 (0-1) x2          -      128 B      128 B      +128 B    "
		"    2 s          2      0       0        0\n"
		"                                mesh 3 (1)               -       64 B       64 B       +64 B\n"
		"\n"
		"No trace was captured.\n"
		"To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
		"COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
		"events -p 41').\n"
		"L1 of mesh 1 (0-1) took at most 64 B in each of 2 banks, of 4.00 KiB. small=33 is enough, and on"
		"e\n"
		"less is not (the runtime makes 64 B a bank of it).\n"
		"L1 of mesh 3 (1) took at most 32 B in each of 2 banks, of 4.00 KiB. small=1 is enough, and one l"
		"ess\n"
		"is not (the runtime makes 32 B a bank of it).\n");
	check_explained(ADVISED "failed" S(101) "process=1 arena=1 asked=9000 needed=4500 reason=throw\n" TICK(102), true,
		"{\"schema\":1,\"time\":\"1970-01-01T00:01:42.000Z\",\"processes\":[{\"pid\":41,\"name\":\"p1\","
		"\"runtime\":\"tt-metal\",\"attached_ns\":100000000000,\"coverage\":\"exact\",\"from_begin\":true"
		",\"phases_seen\":1,\"phases\":[{\"phase\":\"init\",\"traces\":[],\"times\":1,\"begin_ns\":100000"
		"000000,\"allocations\":1,\"allocated\":128,\"frees\":0,\"freed\":0,\"failed\":1,\"replays\":0,"
		"\"devices\":[{\"device\":\"0-1\",\"mesh\":1,\"pools\":{\"L1\":{\"reserved\":128,\"trace\":0,\"bu"
		"ffers\":1,\"change\":128}}}]}],\"replays\":0,\"traces\":[],\"outside_of_traces\":{},\"hidden\":["
		"],\"advice\":[{\"device\":\"0-1\",\"mesh\":1,\"pool\":\"L1\",\"peak_bank\":64,\"needed_bank\":45"
		"64,\"asked\":128,\"banks\":2,\"bank_bytes\":4096,\"argument\":\"small\",\"value\":4545,\"enough"
		"\":false,\"becomes_bank\":4576}],\"failed\":1,\"failures\":[{\"number\":1,\"time_ns\":1010000000"
		"00,\"times\":1,\"tid\":0,\"during\":\"init\",\"device\":\"0-1\",\"mesh\":1,\"pool\":\"L1\",\"cau"
		"se\":\"exhausted\",\"asked\":9000,\"needed_bank\":4500,\"bank_bytes\":4096,\"allocated_bank\":64"
		",\"free_bank\":4032,\"largest_free\":4032,\"holders\":[{\"size\":128,\"buffers\":1,\"reserved\":"
		"128,\"trace\":false}]}]}],\"events\":2,\"lost\":0,\"corrections\":0}\n");
}

static void devices_that_follow_one_another_on_other_chips_are_told_apart(void **state)
{
	(void)state;
	check_explained(ADVISED "clear" S(102) "process=1 arena=1 reason=gone\n" PUT(103, 1, 2, 4096, 64)
			"clear" S(104) "process=1 arena=2 reason=gone\n" ARENA(105, 1, 3, 10, L1, 2, 4096)
			DEVICE(105, 1, 10, "mesh=5 chips=0,1") PUT(106, 1, 3, 4096, 256) TICK(107),
			false,
		"pooltrace - pid 41 p1 - tt-metal - attached 7 s - not checked yet - 5 events, 0 lost - every 500"
		"ms\n"
		"\n"
		"PHASE                           DEVICE                DRAM         L1      TOTAL      CHANGE    "
		" LASTED  ALLOCATED  FREED  FAILED  REPLAYS\n"
		"init                            mesh 1 (0-1) x2          -      128 B      128 B      +128 B    "
		"    2 s          1      0       0        0\n"
		"all freed at once               mesh 1 (0-1) x2          -        0 B        0 B      -128 B    "
		"    1 s          0      1       0        0\n"
		"other                           mesh 3 (1)               -       64 B       64 B       +64 B    "
		"    1 s          1      0       0        0\n"
		"all freed at once               mesh 3 (1)               -        0 B        0 B       -64 B    "
		"    2 s          0      1       0        0\n"
		"other (now)                     mesh 5 (0-1) x2          -      256 B      256 B      +256 B    "
		"    1 s          1      0       0        0\n"
		"\n"
		"No trace was captured.\n"
		"To see changes, look while the model is loaded and a trace is captured ('pooltrace record --\n"
		"COMMAND' sees a program from its start), or at what is allocated outside of traces ('pooltrace\n"
		"events -p 41').\n"
		"L1 of mesh 5 (0-1) took at most 128 B in each of 2 banks, of 4.00 KiB. small=97 is enough, and o"
		"ne\n"
		"less is not (the runtime makes 128 B a bank of it).\n"
		"L1 of mesh 3 (1) took at most 32 B in each of 2 banks, of 4.00 KiB. small=1 is enough, and one l"
		"ess\n"
		"is not (the runtime makes 32 B a bank of it).\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chips_with_the_same_figures_share_a_row),
		cmocka_unit_test(rows_by_mesh_are_the_devices_of_the_runtime),
		cmocka_unit_test(what_is_not_known_of_chips_is_said),
		cmocka_unit_test(changes_are_of_a_chip_whatever_row_it_was_in),
		cmocka_unit_test(narrow_terminals_never_show_a_part_of_a_number),
		cmocka_unit_test(long_lists_of_chips_are_cut),
		cmocka_unit_test(rows_are_selected_by_chip),
		cmocka_unit_test(what_processes_have_on_the_same_chip_is_summed_up),
		cmocka_unit_test(chips_that_may_be_others_are_not_summed_up),
		cmocka_unit_test(json_says_of_which_chips_figures_are),
		cmocka_unit_test(events_are_of_the_chips_of_a_device),
		cmocka_unit_test(explanations_name_chips_or_the_mesh_where_chips_have_several),
		cmocka_unit_test(devices_that_follow_one_another_on_other_chips_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

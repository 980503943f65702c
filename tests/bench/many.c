/* A library of 512 functions, many_000 to many_777, of which as many can be probed as one likes. */
#define FUNCTION(n)                      \
	void many_##n(void);             \
	void many_##n(void)              \
	{                                \
		__asm__ volatile("nop"); \
	}
#define EIGHT(n) FUNCTION(n##0) FUNCTION(n##1) FUNCTION(n##2) FUNCTION(n##3) FUNCTION(n##4) FUNCTION(n##5) FUNCTION(n##6) FUNCTION(n##7)
#define SQUARE(n) EIGHT(n##0) EIGHT(n##1) EIGHT(n##2) EIGHT(n##3) EIGHT(n##4) EIGHT(n##5) EIGHT(n##6) EIGHT(n##7)

SQUARE(0)
SQUARE(1)
SQUARE(2)
SQUARE(3)
SQUARE(4)
SQUARE(5)
SQUARE(6)
SQUARE(7)

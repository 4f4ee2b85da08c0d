// Makes the C library's own calls about its allocator visible to Swift: the Glibc module leaves them out.
#include <malloc.h>

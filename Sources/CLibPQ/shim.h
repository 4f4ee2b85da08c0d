// Makes libpq's public interface visible to Swift; pkg-config says where the header lies.
#include <libpq-fe.h>

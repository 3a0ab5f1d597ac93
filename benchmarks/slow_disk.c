/* A disk whose flushes take 5 ms longer: loaded before the C library with LD_PRELOAD. */
#include <sys/syscall.h>
#include <unistd.h>

#define LONGER 5000 /* microseconds */

int fdatasync(int file) {
    usleep(LONGER);
    return (int)syscall(SYS_fdatasync, file);
}

int fsync(int file) {
    usleep(LONGER);
    return (int)syscall(SYS_fsync, file);
}

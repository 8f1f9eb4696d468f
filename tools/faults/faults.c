/* Loaded before the C library: lets the n-th write below one folder fail, as a full or broken disk does.
 *
 * Seen are the calls that change files: open for writing, write, pwrite, writev, fsync, rename, mkdir, link, truncate.
 * Not seen is what the C library writes by itself (`fwrite`), since it does not go through the loader.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, FULL, SHORT, BROKEN, KILL, READ_ONLY };

static char root[PATH_MAX];
static int kind, at, count;

/* From Python: which fault, at which call (from 1), below which folder. Returns nothing; `fault_count` counts on. */
void fault_arm(int new_kind, int new_at, const char *folder) {
    snprintf(root, sizeof root, "%s", folder);
    kind = new_kind, at = new_at, count = 0;
}

int fault_count(void) { return count; }

static int below(const char *path) {
    return root[0] && path && strncmp(path, root, strlen(root)) == 0;
}

static int file_below(int file) {
    char link[64], path[PATH_MAX];
    if (!root[0] || file <= 2) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return below(path);
}

/* What happens to this call: 0 nothing, else the errno; -1 for the first half of a write. */
static int fate(int needs_space) {
    count++;
    if (kind == NONE || count < at) return 0;
    if (count == at && kind == KILL) kill(getpid(), SIGKILL);
    if (count == at && kind == BROKEN) return EIO;
    if (kind == READ_ONLY) return EROFS;
    if (kind == FULL && needs_space) return ENOSPC;
    if (kind == SHORT && needs_space == 2 && count == at) return -1;
    if (kind == SHORT && needs_space && count > at) return ENOSPC;
    return 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define REFUSED(needs_space) do { int error = fate(needs_space); if (error > 0) { errno = error; return -1; } } while (0)

ssize_t write(int file, const void *data, size_t size) {
    if (file_below(file)) {
        int error = fate(2);
        if (error > 0) { errno = error; return -1; }
        if (error < 0) size = size > 1 ? size / 2 : size;
    }
    return REAL(write)(file, data, size);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t place) {
    if (file_below(file)) {
        int error = fate(2);
        if (error > 0) { errno = error; return -1; }
        if (error < 0) size = size > 1 ? size / 2 : size;
    }
    return REAL(pwrite64)(file, data, size, place);
}

ssize_t writev(int file, const struct iovec *pieces, int number) {
    if (file_below(file)) REFUSED(1);
    return REAL(writev)(file, pieces, number);
}

int fsync(int file) {
    if (file_below(file)) REFUSED(1);
    return REAL(fsync)(file);
}

int ftruncate64(int file, off64_t size) {
    if (file_below(file)) REFUSED(1);
    return REAL(ftruncate64)(file, size);
}

int rename(const char *from, const char *to) {
    if (below(to)) REFUSED(0);
    return REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) {
    if (below(path)) REFUSED(1);
    return REAL(mkdir)(path, mode);
}

int link(const char *from, const char *to) {
    if (below(to)) REFUSED(1);
    return REAL(link)(from, to);
}

#define OPENED(name)                                                            \
    int name(const char *path, int flags, ...) {                                \
        va_list more;                                                           \
        va_start(more, flags);                                                  \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                           \
        if (flags & (O_WRONLY | O_RDWR) && below(path)) REFUSED((flags & O_CREAT) != 0); \
        return REAL(name)(path, flags, mode);                                   \
    }

OPENED(open)
OPENED(open64)

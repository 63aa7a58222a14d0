/* Stands between a node and its machine, so that the chaos run can be an unkind one.
 *
 * Loaded with LD_PRELOAD; the daemon itself knows nothing of it. Four things:
 *
 *   clock   clock_gettime(CLOCK_REALTIME) is off by as much as the control file says at that moment.
 *   source  Connections to a loopback address come from ALIASD_TEST_SHIM_SOURCE, so that a proxy can tell who dials.
 *   faults  Writes and syncs below ALIASD_TEST_SHIM_DATA are slow, or fail, as the control file says.
 *   journal What a power failure could take back is written to a journal outside of the data directory: which files
 *           reach how far beyond their last sync, what was written over, which files were made, renamed and removed
 *           in a directory that was not synced since. Files that are replaced or removed are kept by a hard link. The
 *           journal is as durable as the process is mortal: it survives SIGKILL, and nobody cuts the power for real.
 *
 * A record is written before what it takes back is done, and a sync after it succeeded, with the length that the file had
 * before: whatever the threads do at the same time, nothing that was synced is ever taken back. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The control file, as shim.rs writes it. */
struct control {
    int64_t clock_shift_ms;
    int64_t sync_delay_ms;
    int64_t write_errno;
    int64_t sync_errno;
};

#define FILES 65536
#define PATH_BYTES 512

static volatile struct control *control;
static struct control no_control;
static const char *data;
static size_t data_length;
static const char *graves;
static int journal = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long grave;
/* By descriptor, the path of an open file below the data directory. */
static char *paths[FILES];

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
    control = &no_control;
    const char *path = getenv("ALIASD_TEST_SHIM_CONTROL");
    if (path) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
        void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, fd, 0);
        if (mapped != MAP_FAILED)
            control = mapped;
    }
    graves = getenv("ALIASD_TEST_SHIM_GRAVES");
    data = getenv("ALIASD_TEST_SHIM_DATA");
    data_length = data ? strlen(data) : 0;
    path = getenv("ALIASD_TEST_SHIM_JOURNAL");
    if (path && data && graves)
        journal = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int is_data(const char *path)
{
    return journal >= 0 && path && strncmp(path, data, data_length) == 0 &&
           (path[data_length] == '/' || path[data_length] == 0);
}

/* The path of an open file that is watched; NULL of any other. */
static const char *watched(int fd)
{
    return fd >= 0 && fd < FILES ? __atomic_load_n(&paths[fd], __ATOMIC_ACQUIRE) : NULL;
}

/* Nobody can go on without its journal: what it says afterwards would not be true. */
static void record(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = syscall(SYS_write, journal, text, length);
        if (written <= 0)
            abort();
        text += written;
        length -= (size_t)written;
    }
}

static void say(const char *format, ...)
{
    char text[2 * PATH_BYTES + 64];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        abort();
    record(text, (size_t)length);
}

/* "KIND inode offset hexadecimal": what is about to be written over. */
static void keep(char kind, int fd, ino_t inode, off_t offset, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char *old = malloc(length);
    char *text = malloc(2 * length + 96);
    if (!old || !text)
        abort();
    ssize_t got = syscall(SYS_pread64, fd, old, length, offset);
    if (got < 0)
        got = 0; /* Open for writing only: nothing of ours is written over in such a file. */
    size_t at = (size_t)sprintf(text, "%c %lu %ld ", kind, (unsigned long)inode, (long)offset);
    for (ssize_t i = 0; i < got; i++) {
        text[at++] = digits[old[i] >> 4];
        text[at++] = digits[old[i] & 15];
    }
    text[at++] = '\n';
    if (got > 0)
        record(text, at);
    free(text);
    free(old);
}

/* Gives a file that is about to lose its name another one, and returns that; 0 if there is no such file. */
static unsigned long bury(const char *path)
{
    char to[PATH_BYTES];
    grave++;
    snprintf(to, sizeof to, "%s/%d-%lu", graves, (int)getpid(), grave);
    return linkat(AT_FDCWD, path, AT_FDCWD, to, 0) == 0 ? grave : 0;
}

static int opened(int fd, const char *path, int existed)
{
    struct stat found;
    if (fd < 0 || fd >= FILES || fstat(fd, &found) != 0)
        return fd;
    char *copy = strdup(path);
    if (!copy)
        abort();
    if (S_ISREG(found.st_mode)) {
        pthread_mutex_lock(&lock);
        say("%c %lu %ld %s\n", existed ? 'O' : 'C', (unsigned long)found.st_ino, (long)found.st_size, path);
        pthread_mutex_unlock(&lock);
    }
    free(__atomic_exchange_n(&paths[fd], copy, __ATOMIC_ACQ_REL));
    return fd;
}

/* What a node is told of its disk, so that nobody has to guess whether it was told. */
static int fail(int64_t error)
{
    pthread_mutex_lock(&lock);
    say("F %d\n", (int)error);
    pthread_mutex_unlock(&lock);
    errno = (int)error;
    return -1;
}

/* Every way of opening a file ends here. The path is absolute, or below a watched directory. */
static int open_any(int directory, const char *path, int flags, mode_t mode)
{
    char whole[PATH_BYTES];
    const char *below = directory == AT_FDCWD ? NULL : watched(directory);
    if (path && path[0] != '/' && below) {
        snprintf(whole, sizeof whole, "%s/%s", below, path);
        path = whole;
        directory = AT_FDCWD;
    }
    if (!is_data(path))
        return (int)syscall(SYS_openat, directory, path, flags, mode);
    struct stat found;
    int existed = stat(path, &found) == 0;
    if (!existed && (flags & O_CREAT) && control->write_errno)
        return fail(control->write_errno);
    if (existed && (flags & O_TRUNC) && found.st_size > 0) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
        pthread_mutex_lock(&lock);
        keep('T', fd, found.st_ino, 0, (size_t)found.st_size);
        pthread_mutex_unlock(&lock);
        syscall(SYS_close, fd);
    }
    return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode), path, existed);
}

#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...)                                                                         \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0;                                 \
        va_end(arguments);                                                                                             \
        return open_any(AT_FDCWD, path, flags, mode);                                                                  \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                                                   \
    int name(int directory, const char *path, int flags, ...)                                                          \
    {                                                                                                                  \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0;                                 \
        va_end(arguments);                                                                                             \
        return open_any(directory, path, flags, mode);                                                                 \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd)
{
    if (watched(fd))
        free(__atomic_exchange_n(&paths[fd], NULL, __ATOMIC_ACQ_REL));
    return (int)syscall(SYS_close, fd);
}

/* Journals what a write at this place takes away. */
static void before_write(int fd, off_t offset, size_t length)
{
    struct stat found;
    if (fstat(fd, &found) != 0 || offset >= found.st_size)
        return;
    size_t over = (size_t)(found.st_size - offset);
    pthread_mutex_lock(&lock);
    keep('W', fd, found.st_ino, offset, over < length ? over : length);
    pthread_mutex_unlock(&lock);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    if (watched(fd)) {
        if (control->write_errno)
            return fail(control->write_errno);
        if (!(fcntl(fd, F_GETFL) & O_APPEND))
            before_write(fd, lseek(fd, 0, SEEK_CUR), length);
    }
    return syscall(SYS_write, fd, bytes, length);
}

static ssize_t write_at(int fd, const void *bytes, size_t length, off_t offset)
{
    if (watched(fd)) {
        if (control->write_errno)
            return fail(control->write_errno);
        before_write(fd, offset, length);
    }
    return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return write_at(fd, bytes, length, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return write_at(fd, bytes, length, offset); }

static int cut(int fd, off_t length)
{
    struct stat found;
    if (watched(fd) && fstat(fd, &found) == 0 && length < found.st_size) {
        pthread_mutex_lock(&lock);
        keep('T', fd, found.st_ino, length, (size_t)(found.st_size - length));
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_ftruncate, fd, length);
}

int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off_t length) { return cut(fd, length); }

static int sync_any(int fd, long call)
{
    const char *path = watched(fd);
    struct stat before;
    if (!path || fstat(fd, &before) != 0)
        return (int)syscall(call, fd);
    int64_t delay = control->sync_delay_ms;
    if (delay > 0) {
        struct timespec pause = { delay / 1000, delay % 1000 * 1000000 };
        nanosleep(&pause, NULL);
    }
    if (control->sync_errno)
        return fail(control->sync_errno);
    int result = (int)syscall(call, fd);
    if (result == 0) {
        pthread_mutex_lock(&lock);
        if (S_ISDIR(before.st_mode))
            say("D %s\n", path);
        else
            say("S %lu %ld\n", (unsigned long)before.st_ino, (long)before.st_size);
        pthread_mutex_unlock(&lock);
    }
    return result;
}

int fsync(int fd) { return sync_any(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }

int rename(const char *from, const char *to)
{
    if (is_data(from) && is_data(to)) {
        pthread_mutex_lock(&lock);
        say("R %lu %d %s\t%s\n", bury(to), (int)getpid(), from, to);
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_rename, from, to);
}

static int remove_file(const char *path)
{
    if (is_data(path)) {
        pthread_mutex_lock(&lock);
        unsigned long kept = bury(path);
        if (kept)
            say("U %lu %d %s\n", kept, (int)getpid(), path);
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_unlink, path);
}

int unlink(const char *path) { return remove_file(path); }

int unlinkat(int directory, const char *path, int flags)
{
    const char *below = directory == AT_FDCWD ? NULL : watched(directory);
    if (flags == 0 && (path[0] == '/' || below)) {
        char whole[PATH_BYTES];
        snprintf(whole, sizeof whole, "%s%s%s", path[0] == '/' ? "" : below, path[0] == '/' ? "" : "/", path);
        return remove_file(whole);
    }
    return (int)syscall(SYS_unlinkat, directory, path, flags);
}

/* A full disk says so to whoever asks, too. */
#define STATVFS(name, type)                                                                                            \
    int name(const char *path, struct type *found)                                                                     \
    {                                                                                                                  \
        int result = NEXT(name)(path, found);                                                                          \
        if (result == 0 && is_data(path) && control->write_errno == ENOSPC)                                            \
            found->f_bavail = found->f_bfree = 0;                                                                      \
        return result;                                                                                                 \
    }
STATVFS(statvfs, statvfs)
STATVFS(statvfs64, statvfs64)

int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    const char *from = getenv("ALIASD_TEST_SHIM_SOURCE");
    if (from && address->sa_family == AF_INET) {
        const struct sockaddr_in *to = (const struct sockaddr_in *)address;
        struct sockaddr_in source = { .sin_family = AF_INET };
        int one = 1;
        if ((ntohl(to->sin_addr.s_addr) >> 24) == 127 && inet_pton(AF_INET, from, &source.sin_addr) == 1) {
            setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
            syscall(SYS_bind, fd, &source, sizeof source);
        }
    }
    return (int)syscall(SYS_connect, fd, address, length);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    int64_t shift = control ? control->clock_shift_ms : 0;
    if (result == 0 && shift != 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        time->tv_sec += shift / 1000;
        time->tv_nsec += shift % 1000 * 1000000;
        if (time->tv_nsec < 0) {
            time->tv_nsec += 1000000000;
            time->tv_sec--;
        }
        if (time->tv_nsec >= 1000000000) {
            time->tv_nsec -= 1000000000;
            time->tv_sec++;
        }
    }
    return result;
}

/*
 * nv_file.c - flash in a file: WORLD_NV_SIZE bytes, byte n of the file is byte n of the flash.
 * Called by the core through the port, and by world.c. Every operation is one pwrite(), so what the
 * core has programmed outlives this process however it ends. The file is locked while it is open.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "world.h"

static bool get(int fd, uint32_t offset, uint8_t *data, size_t len) {
    while (len > 0) {
        ssize_t n = pread(fd, data, len, (off_t)offset);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return false;
        }
        if (n > 0) {
            data += n;
            offset += (uint32_t)n;
            len -= (size_t)n;
        }
    }
    return true;
}

static bool put(int fd, uint32_t offset, const uint8_t *data, size_t len) {
    while (len > 0) {
        ssize_t n = pwrite(fd, data, len, (off_t)offset);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            data += n;
            offset += (uint32_t)n;
            len -= (size_t)n;
        }
    }
    return true;
}

static bool within(uint32_t offset, size_t len) {
    return offset <= WORLD_NV_SIZE && len <= WORLD_NV_SIZE - offset;
}

static int nv_read(void *ctx, uint32_t offset, void *data, size_t len) {
    const struct world *w = ctx;
    return within(offset, len) && get(w->nv.fd, offset, data, len) ? SPWF_OK : SPWF_E_NV;
}

static int nv_program(void *ctx, uint32_t offset, const void *data, size_t len) {
    struct world *w = ctx;
    w->nv.programs++;
    if (!within(offset, len) || offset % WORLD_NV_UNIT != 0 || len % WORLD_NV_UNIT != 0) {
        return SPWF_E_NV;
    }
    for (const uint8_t *in = data; len > 0;) { /* a page at a time: the check needs the old bytes */
        uint8_t page[WORLD_NV_PAGE];
        size_t n = len < sizeof page ? len : sizeof page;
        if (!get(w->nv.fd, offset, page, n) || !spwf_nv_memory_blank(page, in, n)) {
            return SPWF_E_NV;
        }
        for (size_t i = 0; i < n; i++) {
            page[i] &= in[i];
        }
        bool done = put(w->nv.fd, offset, page, n);
        explicit_bzero(page, sizeof page);
        if (!done) {
            return SPWF_E_NV;
        }
        in += n;
        offset += (uint32_t)n;
        len -= n;
    }
    return SPWF_OK;
}

static int nv_erase(void *ctx, uint32_t page) {
    struct world *w = ctx;
    uint8_t blank[WORLD_NV_PAGE];
    w->nv.erases++;
    if (page >= WORLD_NV_PAGES) {
        return SPWF_E_NV;
    }
    memset(blank, 0xFF, sizeof blank);
    return put(w->nv.fd, page * WORLD_NV_PAGE, blank, sizeof blank) ? SPWF_OK : SPWF_E_NV;
}

/* Fills a new file, or one whose creation was cut short: 0xFF and nothing else, and too short. */
static int fill(int fd, size_t size) {
    uint8_t image[WORLD_NV_SIZE], blank[WORLD_NV_SIZE];
    memset(blank, 0xFF, sizeof blank);
    if (size > sizeof image || (size > 0 && !get(fd, 0, image, size)) ||
        memcmp(image, blank, size) != 0) {
        return EINVAL;
    }
    return put(fd, (uint32_t)size, blank, sizeof blank - size) ? 0 : errno;
}

static int check(int fd) {
    struct stat st;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &st) != 0) {
        return errno;
    }
    if (!S_ISREG(st.st_mode) || st.st_size > WORLD_NV_SIZE) {
        return EINVAL;
    }
    return st.st_size == WORLD_NV_SIZE ? 0 : fill(fd, (size_t)st.st_size);
}

int spwf_nv_file_open(struct nv *nv, const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600); /* it holds private keys */
    if (fd < 0) {
        return errno;
    }
    int error = check(fd);
    if (error != 0) {
        close(fd);
        return error;
    }
    nv->fd = fd;
    return 0;
}

void spwf_nv_file_close(struct nv *nv) {
    if (nv->fd >= 0) {
        close(nv->fd);
        nv->fd = -1;
    }
}

const struct spwf_nv_port spwf_nv_file_port = {
    .page_size = WORLD_NV_PAGE,
    .pages = WORLD_NV_PAGES,
    .unit = WORLD_NV_UNIT,
    .read = nv_read,
    .program = nv_program,
    .erase = nv_erase,
};

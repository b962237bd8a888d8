/*
 * test_port_nv.c - both kinds of flash, in a file and in memory, behave as one: the same sentences
 * run on each. What only a file has (a lock, a size, a life after close) follows.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "world.h"

enum { LAST = WORLD_NV_SIZE - WORLD_NV_UNIT };

static char path[] = "/tmp/spwf-nv-XXXXXX";

static void new_path(void) {
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    check(fd >= 0);
    close(fd);
    unlink(path);
}

/* Runs `test` on a world with flash in a file, then on one in memory. */
static void on_both(void (*test)(struct world *w)) {
    for (int in_memory = 0; in_memory < 2; in_memory++) {
        struct world w = {0};
        new_path();
        if (check_equal(spwf_world_open(&w, in_memory ? NULL : path, WORLD_MEMORY, NULL), 0)) {
            test(&w);
        }
        spwf_world_close(&w);
        unlink(path);
    }
}

static uint8_t byte_at(struct world *w, uint32_t offset) {
    uint8_t byte = 0;
    check_equal(w->port.nv->read(w, offset, &byte, 1), SPWF_OK);
    return byte;
}

static int program(struct world *w, uint32_t offset, const char *text) {
    return w->port.nv->program(w, offset, text, strlen(text));
}

static void start_blank(struct world *w) {
    for (uint32_t i = 0; i < WORLD_NV_SIZE; i++) {
        check_equal(byte_at(w, i), 0xFF);
    }
}
static void new_flash_is_blank(void) {
    on_both(start_blank);
}

static void read_back(struct world *w) {
    char text[8];
    check_equal(program(w, 1020, "abcdefgh"), SPWF_OK); /* over the edge of a page */
    check_equal(program(w, LAST, "last"), SPWF_OK);
    check_equal(w->port.nv->read(w, 1020, text, sizeof text), SPWF_OK);
    check(memcmp(text, "abcdefgh", sizeof text) == 0);
    check_equal(byte_at(w, 1019), 0xFF);
    check_equal(byte_at(w, 1028), 0xFF);
    check_equal(byte_at(w, WORLD_NV_SIZE - 1), 't');
}
static void what_is_programmed_is_read(void) {
    on_both(read_back);
}

static void program_twice(struct world *w) {
    check_equal(program(w, 4, "once"), SPWF_OK);
    check_equal(program(w, 4, "once"), SPWF_E_NV);
    check_equal(program(w, 0, "abcdefgh"), SPWF_E_NV); /* its second unit is used */
    check_equal(byte_at(w, 0), 0xFF);
    check_equal(byte_at(w, 4), 'o');
    check_equal(program(w, 0, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), SPWF_OK); /* programs nothing */
    check_equal(byte_at(w, 4), 'o');
}
static void a_unit_is_programmed_once_per_erase(void) {
    on_both(program_twice);
}

static void erase(struct world *w) {
    check_equal(program(w, 1020, "abcdefgh"), SPWF_OK);
    check_equal(w->port.nv->erase(w, 1), SPWF_OK);
    check_equal(byte_at(w, 1020), 'a');
    check_equal(byte_at(w, 1024), 0xFF);
    check_equal(program(w, 1024, "next"), SPWF_OK);
}
static void an_erase_blanks_one_page(void) {
    on_both(erase);
}

static void go_outside(struct world *w) {
    char bytes[8] = {0};
    const struct spwf_nv_port *nv = w->port.nv;
    check_equal(nv->read(w, LAST, bytes, sizeof bytes), SPWF_E_NV);
    check_equal(nv->read(w, UINT32_MAX, bytes, 1), SPWF_E_NV);
    check_equal(nv->program(w, LAST, bytes, sizeof bytes), SPWF_E_NV);
    check_equal(nv->program(w, 2, bytes, 4), SPWF_E_NV);
    check_equal(nv->program(w, 4, bytes, 2), SPWF_E_NV);
    check_equal(nv->erase(w, WORLD_NV_PAGES), SPWF_E_NV);
    check_equal(nv->read(w, WORLD_NV_SIZE, bytes, 0), SPWF_OK);
    start_blank(w);
}
static void what_lies_outside_or_across_is_refused(void) {
    on_both(go_outside);
}

static void a_file_keeps_what_was_programmed(void) {
    struct world w = {0}, later = {0};
    new_path();
    check_equal(spwf_world_open(&w, path, WORLD_MEMORY, NULL), 0);
    check_equal(program(&w, 512, "kept"), SPWF_OK);
    spwf_world_close(&w);
    check_equal(spwf_world_open(&later, path, WORLD_MEMORY, NULL), 0);
    check_equal(byte_at(&later, 512), 'k');
    spwf_world_close(&later);
    unlink(path);
}

static void a_file_is_locked_while_it_is_open(void) {
    struct world w = {0}, second = {0};
    new_path();
    check_equal(spwf_world_open(&w, path, WORLD_MEMORY, NULL), 0);
    check_equal(spwf_world_open(&second, path, WORLD_MEMORY, NULL), EWOULDBLOCK);
    spwf_world_close(&second);
    spwf_world_close(&w);
    check_equal(spwf_world_open(&second, path, WORLD_MEMORY, NULL), 0);
    spwf_world_close(&second);
    unlink(path);
}

static void a_file_of_another_size_is_refused(void) {
    static const off_t sizes[] = {1, WORLD_NV_SIZE - 1, WORLD_NV_SIZE + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct world w = {0};
        struct stat st = {0};
        new_path();
        int fd = open(path, O_RDWR | O_CREAT, 0600);
        check_equal(ftruncate(fd, sizes[i]), 0); /* zeroes: not what an unfinished image holds */
        check_equal(spwf_world_open(&w, path, WORLD_MEMORY, NULL), EINVAL);
        check_equal(fstat(fd, &st), 0);
        check_equal(st.st_size, sizes[i]);
        spwf_world_close(&w);
        close(fd);
        unlink(path);
    }
}

static const struct check_test tests[] = {
    {"new flash is blank", new_flash_is_blank},
    {"what is programmed is read", what_is_programmed_is_read},
    {"a unit is programmed once per erase", a_unit_is_programmed_once_per_erase},
    {"an erase blanks one page", an_erase_blanks_one_page},
    {"what lies outside or across is refused", what_lies_outside_or_across_is_refused},
    {"a file keeps what was programmed", a_file_keeps_what_was_programmed},
    {"a file is locked while it is open", a_file_is_locked_while_it_is_open},
    {"a file of another size is refused", a_file_of_another_size_is_refused},
};

int main(int argc, char **argv) {
    return check_main(tests, CHECK_COUNT(tests), argc, argv);
}

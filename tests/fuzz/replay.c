/*
 * replay.c - main() of a fuzz target where there is no libFuzzer: runs the files given, or those of a
 * folder, then COUNT mutations of them, the same for the same seed.
 *
 *     fuzz_input [-n COUNT] [-s SEED] [-k FILE] FILE|FOLDER...
 *
 * -k keeps the data in hand in FILE, so that what crashed is there afterwards.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_port.h"
#include "fuzz.h"

enum { LARGEST = 1 << 16, FILES = 1024, CHANGES = 6, PIECE = 64 };

static struct file {
    uint8_t *bytes;
    size_t size;
} files[FILES];
static size_t count;
static uint32_t seed = 1;

static size_t dice(size_t sides) {
    return fake_random(&seed) % sides;
}

static void run(const uint8_t *data, size_t size, const char *keep) {
    FILE *stream = keep != NULL ? fopen(keep, "wb") : NULL;
    if (stream != NULL) {
        fwrite(data, 1, size, stream);
        fclose(stream);
    }
    LLVMFuzzerTestOneInput(data, size);
}

static void add(const char *path) {
    FILE *stream = fopen(path, "rb");
    struct file *file = &files[count++];
    fuzz_require(stream != NULL && count < FILES, path);
    *file = (struct file){.bytes = malloc(LARGEST)};
    fuzz_require(file->bytes != NULL, "the machine has memory");
    file->size = fread(file->bytes, 1, LARGEST, stream);
    fclose(stream);
}

static void add_all(const char *path) {
    char pattern[4096];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*", path);
    int none = glob(pattern, 0, NULL, &found); /* in the same order everywhere */
    for (size_t i = 0; none == 0 && i < found.gl_pathc; i++) {
        add(found.gl_pathv[i]);
    }
    globfree(&found);
    if (none != 0) {
        add(path);
    }
}

/* A bit changes, or a piece of any file takes the place of a piece of this one. */
static size_t mutate(uint8_t *data, size_t size) {
    static uint8_t tail[LARGEST];
    const struct file *donor = &files[dice(count)];
    size_t at = dice(size + 1), from = dice(donor->size + 1);
    if (at < size && dice(3) == 0) {
        data[at] ^= (uint8_t)(1u << dice(8));
        return size;
    }
    size_t left = donor->size - from, added = dice(4) == 0 ? left : dice(PIECE) % (left + 1);
    size_t rest = size - at - dice(PIECE) % (size - at + 1);
    if (at + added + rest > LARGEST) {
        return size;
    }
    memcpy(tail, data + size - rest, rest);
    memcpy(data + at, donor->bytes + from, added);
    memcpy(data + at + added, tail, rest);
    return at + added + rest;
}

int main(int argc, char **argv) {
    static uint8_t data[LARGEST];
    const char *keep = NULL;
    long mutations = 0;
    for (int option; (option = getopt(argc, argv, "n:s:k:")) != -1;) {
        mutations = option == 'n' ? strtol(optarg, NULL, 10) : mutations;
        seed = option == 's' ? (uint32_t)strtoul(optarg, NULL, 10) | 1u : seed;
        keep = option == 'k' ? optarg : keep;
    }
    while (optind < argc) {
        add_all(argv[optind++]);
    }
    for (size_t i = 0; i < count; i++) {
        run(files[i].bytes, files[i].size, keep);
    }
    for (long i = 0; count > 0 && i < mutations; i++) {
        const struct file *file = &files[dice(count)];
        size_t size = file->size;
        memcpy(data, file->bytes, size);
        for (size_t changes = dice(CHANGES) + 1; changes > 0; changes--) {
            size = mutate(data, size);
        }
        run(data, size, keep);
    }
    printf("%zu files and %ld mutations of them\n", count, mutations);
    return count == 0;
}

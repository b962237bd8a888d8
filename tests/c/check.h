/*
 * check.h - the harness of the C tests: a table of sentences, and check().
 *
 *     static void sum_is_right(void) { check(1 + 1 == 2); }
 *     static const struct check_test tests[] = {{"a sum is right", sum_is_right}};
 *     int main(int argc, char **argv) { return check_main(tests, CHECK_COUNT(tests), argc, argv); }
 *
 * One executable per test_NAME.c. With an argument only the sentences that contain it run. A check
 * that fails is printed and the test goes on; check() returns its condition, so that a test may
 * stop where going on makes no sense: if (!check(p != NULL)) { return; }
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct check_test {
    const char *sentence;
    void (*run)(void);
};

#define CHECK_COUNT(table) (sizeof(table) / sizeof *(table))
#define check(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define check_equal(is, want) check_numbers((is), (want), #is, __FILE__, __LINE__)
#define check_text(is, want) check_strings((is), (want), #is, __FILE__, __LINE__)
/* For loops over many cases: says which case it is. */
#define check_case(condition, ...) \
    (check_that((condition), #condition, __FILE__, __LINE__) || (check_note(__VA_ARGS__), false))
#define check_note(...) ((void)printf("    where " __VA_ARGS__), (void)putchar('\n'))

enum { CHECK_SHOWN = 20 }; /* failed checks of one test that are printed */

static unsigned check_failures; /* of the test that runs */

static inline bool check_that(bool holds, const char *what, const char *file, int line) {
    if (!holds && check_failures++ < CHECK_SHOWN) {
        printf("%s:%d: not so: %s\n", file, line, what);
    }
    return holds;
}

static inline bool check_numbers(long long is, long long want, const char *what, const char *file,
                                 int line) {
    bool holds = check_that(is == want, what, file, line);
    if (!holds) {
        check_note("it is %lld, not %lld", is, want);
    }
    return holds;
}

static inline bool check_strings(const char *is, const char *want, const char *what,
                                 const char *file, int line) {
    bool holds = check_that(strcmp(is, want) == 0, what, file, line);
    if (!holds) {
        check_note("it is \"%s\", not \"%s\"", is, want);
    }
    return holds;
}

static inline int check_main(const struct check_test *tests, size_t count, int argc, char **argv) {
    unsigned passed = 0, failed = 0;

    for (size_t i = 0; i < count; i++) {
        if (argc > 1 && strstr(tests[i].sentence, argv[1]) == NULL) {
            continue;
        }
        check_failures = 0;
        tests[i].run();
        printf("%-6s %s\n", check_failures == 0 ? "ok" : "FAILED", tests[i].sentence);
        fflush(stdout); /* a sanitizer may end the next one */
        passed += check_failures == 0;
        failed += check_failures != 0;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0 || passed == 0;
}

#endif

/*
 * libc.c - snprintf() as wolfSSL uses it, to write the addresses of a certificate: %u, %X, %s and a
 * width with zeros. newlib's own takes 4 KB of flash and wants a heap. Called by wolfSSL.
 */
#include <stdarg.h>
#include <stdio.h>

struct sink {
    char *text;
    size_t size, length;
};

static void put(struct sink *s, char c) {
    if (s->length + 1 < s->size) {
        s->text[s->length] = c;
    }
    s->length++;
}

static void put_number(struct sink *s, unsigned value, unsigned base, unsigned width) {
    char digits[10];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789ABCDEF"[value % base];
        value /= base;
    } while (n < sizeof digits && (value > 0 || n < width));
    while (n > 0) {
        put(s, digits[--n]);
    }
}

__attribute__((used)) int snprintf(char *text, size_t size, const char *format, ...) {
    struct sink s = {.text = text, .size = size};
    va_list arguments;
    va_start(arguments, format);
    for (; *format != '\0'; format++) {
        unsigned width = 0;
        if (*format != '%') {
            put(&s, *format);
            continue;
        }
        while (*++format >= '0' && *format <= '9') {
            width = width * 10 + (unsigned)(*format - '0');
        }
        if (*format == 's') {
            for (const char *from = va_arg(arguments, const char *); *from != '\0'; from++) {
                put(&s, *from);
            }
        } else {
            put_number(&s, va_arg(arguments, unsigned), *format == 'X' ? 16 : 10, width);
        }
    }
    va_end(arguments);
    if (size > 0) {
        text[s.length < size ? s.length : size - 1] = '\0';
    }
    return (int)s.length;
}

/*
 * text.c - what a piece of text says: a word in any case, a number, an address [at-ref 2.2]. Pure;
 * called by at.c, the handlers and the services that read text; calls nobody.
 */
#include "inner.h"

static char upper(char c) {
    return (c >= 'a' && c <= 'z') ? (char)(c - ('a' - 'A')) : c;
}

bool spwf_text_is(const struct spwf_argument *a, const char *word) {
    size_t i = 0;
    while (i < a->length && word[i] != '\0' && upper(a->text[i]) == upper(word[i])) {
        i++;
    }
    return i == a->length && word[i] == '\0';
}

static int digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = upper(c);
    return (c >= 'A' && c <= 'F') ? c - 'A' + 10 : 16;
}

int spwf_text_number(const struct spwf_argument *a, bool hex, uint64_t max, uint64_t *value) {
    size_t i = 0;
    uint64_t base = 10, sum = 0;
    while (i < a->length && a->text[i] == ' ') {
        i++;
    }
    if (hex && a->length - i > 2 && a->text[i] == '0' && upper(a->text[i + 1]) == 'X') {
        base = 16;
        i += 2;
    }
    if (i == a->length) {
        return SPWF_E_ARGUMENT;
    }
    for (; i < a->length; i++) {
        uint64_t d = (uint64_t)digit(a->text[i]);
        if (d >= base || sum > (max - d) / base || d > max) {
            return SPWF_E_ARGUMENT;
        }
        sum = sum * base + d;
    }
    *value = sum;
    return SPWF_OK;
}

bool spwf_text_ip(const char *text, uint8_t ip[4]) {
    for (int i = 0; i < 4; i++) {
        unsigned octet = 0;
        int digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 3; digits++) {
            octet = octet * 10 + (unsigned)(*text++ - '0');
        }
        if (digits == 0 || octet > 255 || *text != (i < 3 ? '.' : '\0')) {
            return false;
        }
        text++;
        ip[i] = (uint8_t)octet;
    }
    return true;
}

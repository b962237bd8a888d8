/*
 * fuzz_store.c - fuzz target: flash that holds anything, under a whole module.
 *
 * The data is the flash, byte n of it is byte n of the flash, like a file of `nv=`; what it leaves
 * out is erased. It is booted twice: as it is, and with every checksum made right, because a
 * checksum that is right by chance would never be found and shields all that comes after it.
 *
 * The module must not crash, must show its settings and files, and can be provisioned anew.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { BANK = WORLD_NV_SIZE / 2, HEAD = 12 }; /* flash.c has the heads, store.c the rest */

static uint8_t image[WORLD_NV_SIZE];

static uint32_t crc32(const uint8_t *data, size_t len) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

static bool blank(const uint8_t *data, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (data[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

/* Makes the checksums of a head, and of the content that it tells the length of, right. */
static size_t mend_record(uint8_t *head, size_t room) {
    uint32_t words[3];
    memcpy(words, head, HEAD);
    size_t len = words[0] & 0xFFFFu, size = (len + 3) & ~(size_t)3;
    if (blank(head, HEAD) || size > room - HEAD) {
        return room;
    }
    words[1] = crc32(head + HEAD, len);
    words[2] = crc32((const uint8_t *)words, 8);
    memcpy(head, words, HEAD);
    return HEAD + size;
}

static void mend_bank(uint8_t *bank) {
    uint32_t words[3];
    memcpy(words, bank, HEAD);
    if (!blank(bank, HEAD)) {
        words[0] = 0x00575053u | (words[0] & 0x07000000u); /* it may count records */
        words[2] = crc32((const uint8_t *)words, 8);
        memcpy(bank, words, HEAD);
    }
    for (size_t at = HEAD; BANK - at >= HEAD;) {
        at += mend_record(bank + at, BANK - at);
    }
}

static void fill_flash(void) {
    for (int i = 0; i < WORLD_NV_PAGES; i++) {
        const uint8_t *from = image + i * WORLD_NV_PAGE;
        if (!blank(from, WORLD_NV_PAGE)) {
            fuzz.world.nv.pages[i] = malloc(WORLD_NV_PAGE);
            fuzz_require(fuzz.world.nv.pages[i] != NULL, "the machine has memory");
            memcpy(fuzz.world.nv.pages[i], from, WORLD_NV_PAGE);
        }
    }
}

static void require_ok(const char *line) {
    fuzz_say(line);
    fuzz_require(fuzz_heard("\r\nOK\r\n"), line);
}

static void live(void) {
    fuzz_open();
    fill_flash();
    fuzz_power_on();
    fuzz_run(true);
    fuzz_require_usable();
    require_ok("AT&V");
    require_ok("AT+S.STS");
    require_ok("AT+S.SSIDTXT");
    require_ok("AT+S.TLSCERT=f_content,0");
    fuzz_say("AT+S.SOCKON=192.168.0.9,443,s"); /* reads all files; nobody answers */
    fuzz_say("AT&W");                          /* an error where what is there leaves no room */
    require_ok("AT+S.TLSCERT2=clean,all");
    require_ok("AT&F");
    require_ok("AT&W");
    require_ok("AT+S.TLSCERT=f_ca,5\rhello");
    require_ok("AT+S.TLSDOMAIN=f_domain,name");
    fuzz_say("AT+CFUN=1");
    fuzz_run(true);
    require_ok("AT+S.TLSCERT=f_content,0");
    fuzz_require(fuzz_heard("\r\n#  f_ca = 5\r\n#  f_domain = 4\r\n\r\nOK"),
                 "files that were stored are there after a reset, and no others");
    fuzz_close();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    memset(image, 0xFF, sizeof image);
    memcpy(image, data, size < sizeof image ? size : sizeof image);
    live();
    mend_bank(image);
    mend_bank(image + BANK);
    live();
    return 0;
}

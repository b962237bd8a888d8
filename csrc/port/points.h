/*
 * points.h - the access points in reach of an emulated module, and how they answer a join. The same
 * on the host and in the firmware, whose Ethernet has none.
 */
#ifndef SPWF_POINTS_H
#define SPWF_POINTS_H

#include "spwf.h"

struct access_point {
    char ssid[SPWF_SSID_MAX + 1];
    char passphrase[65]; /* "": open */
};

/*
 * What becomes of a request: ABSENT; REFUSED with the reason; or JOINED, with what a radio would
 * measure. No points at all: any network can be joined with anything.
 */
void spwf_points_answer(const struct access_point *points, size_t count,
                        const struct spwf_link_request *request, struct spwf_link_info *out);

#endif

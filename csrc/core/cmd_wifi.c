/*
 * cmd_wifi.c - the commands about the network to join [note 3.2, at-ref 3.1]: SSIDTXT. Its row in
 * commands.c points here; calls config and reply. The join itself is wifi.c's, at boot.
 */
#include "inner.h"

int spwf_cmd_wifi_ssidtxt(struct spwf *m, const struct spwf_request *request) {
    if (request->count > 0) { /* an empty name clears it */
        return spwf_config_set_ssid(m, request->args[0].text, request->args[0].length);
    }
    spwf_reply_text(m, "\r\n");
    spwf_reply_bytes(m, m->settings.wifi_ssid, m->settings.wifi_ssid_len);
    spwf_reply_text(m, "\r\n");
    return SPWF_OK;
}

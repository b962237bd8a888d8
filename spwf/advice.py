"""What to say of each problem that keeps a module from connecting, to who does not know TLS.

Used by diagnosis.py, which fills in what stands in braces, and probe.py. Pure data.
"""

from spwf.certificates import CAP, Material

TEXTS: dict[str, tuple[str, str]] = {
    "sni": (
        "The server needs to be told the name of the site (SNI), which the module does not do: "
        "without it the module is refused, with it it would connect.",
        "Make this site the server's default one, or give it an address or port of its own.",
    ),
    "tls13_only": (
        "The server speaks TLS 1.3 only; the module's newest version is TLS 1.2.",
        "Allow TLS 1.2 on the server, with a suite such as {wanted}.",
    ),
    "version": (
        "The server and the module have no TLS version in common. The server: {versions}.",
        "Allow TLS 1.2 on the server, with a suite such as {wanted}.",
    ),
    "suite": (
        "The server and the module have no cipher suite in common. The server takes: {suites}.",
        "Allow one of these on the server: {wanted}. They are of TLS 1.2 with CBC; the module has "
        "no AES-GCM and no ChaCha20.",
    ),
    "suite_of_key": (
        "The server takes no cipher suite below TLS 1.3: none that it allows fits its certificate "
        "{subject}, which has a key of the kind {key}.",
        "See that the keyUsage of that certificate has digitalSignature, and that the server "
        "allows {wanted}.",
    ),
    "signature_algorithm": (
        "The server and the module have no signature algorithm in common: the module takes RSA "
        "(PKCS #1) and ECDSA, each with SHA-256 or SHA-1.",
        "Allow RSA+SHA256 and ECDSA+SHA256 on the server.",
    ),
    "curve": (
        "The server and the module have no elliptic curve in common for the key exchange.",
        "Allow P-256 (prime256v1) on the server.",
    ),
    "key_size": (
        "The certificate {subject} has a key of the kind {key}, which the module cannot use: it "
        "takes RSA of 1024 to 2048 bits and the curves P-192, P-224, P-256, P-384 and P-521.",
        "Give that certificate another key: EC P-256, or RSA 2048.",
    ),
    "ca_key_size": (
        "The loaded CA, {ca}, has a key of the kind {ca_key}, which the module cannot use: it "
        "takes RSA of 1024 to 2048 bits and the curves P-192, P-224, P-256, P-384 and P-521.",
        "Use a server certificate of another CA, whose root has a key that the module can use.",
    ),
    "cert_key_size": (
        "The certificate of the module has a key of the kind {cert_key}, which the module cannot "
        "use: it takes RSA of 1024 to 2048 bits and the curves P-192, P-224, P-256, P-384 and "
        "P-521.",
        "Have one made for another key, EC P-256 or RSA 2048, and give both: --cert and --key.",
    ),
    "digest": (
        "The certificate {subject} is signed with {digest}; the module checks MD5, SHA-1 and "
        "SHA-256 only.",
        "Have {issuer} sign it anew with SHA-256.",
    ),
    "chain": (
        "The server's certificate comes from another CA than the one loaded. It was signed by "
        "{root}; loaded is {ca}.{twin}",
        "Load the certificate of that CA with --ca, if you trust it.",
    ),
    "issuer": (
        "There is a gap between the server's certificates and the loaded CA: {last} was signed by "
        "{root}, which the server does not send and which is not the loaded CA ({ca}).",
        "If {root} is an intermediate CA, have the server send its certificate too (the full "
        "chain); if it is the root, load its certificate with --ca.",
    ),
    "order": (
        "The server sends the certificates of its chain in the wrong order.",
        "Have it send them in this one, each before that of its signer: {order}.",
    ),
    "chain_length": (
        "The server sends more certificates than the module reads, which is nine.",
        "Have it send those alone that lead to the loaded CA, without the root, or get its "
        "certificate from a CA nearer to the root.",
    ),
    "constraints": (
        "The server's certificate leads to the loaded CA ({ca}), but a CA on the way may not vouch "
        "for {names}.",
        "Look for Name Constraints in what `openssl x509 -text` shows of each CA, and get a "
        "certificate for a name that they permit, or of another CA.",
    ),
    "expired": (
        "The certificate {subject} expired on {end} UTC.",
        "Renew it on the server.",
    ),
    "not_yet_valid": (
        "The certificate {subject} is valid from {begin} UTC only.",
        "Wait until then or replace it, and see that this machine's clock is right.",
    ),
    "domain": (
        "The server's certificate is for {names}, and not for {domain}.",
        "Give one of these names with --domain, or get a certificate for {domain}.",
    ),
    "address": (
        "{domain} is an address, which only an iPAddress among the alternative names of a "
        "certificate can match; the server's is for {names}.",
        "Give one of these names with --domain, if they are names, or have the server's "
        "certificate made with `subjectAltName = IP:...`.",
    ),
    "usage": (
        "The certificate {subject} does not allow what it is used for (keyUsage, "
        "extendedKeyUsage or basicConstraints).",
        "Get one made for a TLS server: with digitalSignature, keyEncipherment and serverAuth; "
        "one that signs others must be a CA.",
    ),
    "extension": (
        "The certificate {subject} has a critical extension that the module does not know.",
        "Get one without it, or with that extension not marked critical.",
    ),
    "certificate": (
        "The module cannot read the certificate {subject}.",
        "Compare it with what `openssl x509 -text` shows, and get a plainer one.",
    ),
    "signature": (
        "A signature of the server is wrong: its key does not fit {subject}, or something on the "
        "way changes what is sent.",
        "See that the server's certificate and key belong together.",
    ),
    "client_certificate": (
        "The server wants a certificate of the module, and none is loaded.",
        "Give one with --cert and --key.{accepted}",
    ),
    "client_unknown": (
        "The server does not know who signed the certificate of the module.",
        "Have it trust that CA, or load a certificate of one that it trusts.{accepted}",
    ),
    "client_expired": (
        "The server says that the certificate of the module has expired.",
        "Load a new one with its key, and see that the server's clock is right.",
    ),
    "client_refused": (
        "The server does not accept the certificate of the module (alert {alert}).",
        "Load one that it trusts, with its key; its log may say why.{accepted}",
    ),
    "client_curve": (
        "The server does not accept the certificate of the module (alert {alert}), as where the "
        "curve of its key is not among those of the server. The key is {cert_key}.",
        "Add that curve to the server's groups, or load a certificate whose key is on one of them.",
    ),
    "client_signature": (
        "The server takes no signature that the module can make with its key, {cert_key}: it makes "
        "RSA (PKCS #1) and ECDSA ones, each with SHA-256 or SHA-1.",
        "Add ECDSA+SHA256 and RSA+SHA256 to what the server takes of clients.",
    ),
    "pair": (
        "The certificate and the key given do not belong together.",
        "Give the key that --cert was made with.",
    ),
    "ca_expired": ("The loaded CA has expired: {ca}, on {ca_end} UTC.", "Load its successor."),
    "ca_not_yet_valid": (
        "The loaded CA is not valid yet: {ca}, from {ca_begin} UTC.",
        "See that this machine's clock is right, or wait until then.",
    ),
    "ca_file": (
        "The module cannot use the CA certificate ({ca}).",
        "Give it in PEM form, the root alone, and with a key that the module has.",
    ),
    "cert_file": (
        "The module cannot use the file of --cert.",
        "Give the certificate in PEM form; where it is, compare it with what `openssl x509 -text` "
        "shows, and get a plainer one.",
    ),
    "key_file": (
        "The module cannot use the file of --key.",
        "Give a plain key in PEM form: RSA of 1024 to 2048 bits, or EC on a named curve.",
    ),
    "resolve": ("The server's name has no IPv4 address.", "See that the name is spelled right."),
    "refused": (
        "Nothing listens there: the connection was refused.",
        "Start the server, or give the port that it listens on.",
    ),
    "connect_timeout": (
        "There is no answer to the TCP connection.",
        "See that the server runs and that no firewall is in the way.",
    ),
    "unreachable": ("There is no route to the server.", "See that the network is up."),
    "not_tls": (
        "What answers there does not speak TLS.",
        "Give the port on which the server speaks TLS from the first byte (no STARTTLS).",
    ),
    "timeout": (
        "The server accepts the connection and then does not answer.",
        "See that it speaks TLS on this port, and is not overloaded.",
    ),
    "closed": (
        "The server closes the connection in the middle of the handshake.",
        "Its log may say why.",
    ),
    "reset": (
        "The server resets the connection in the middle of the handshake.",
        "Its log may say why; a firewall may do it too.",
    ),
    "alert": ("The server ends the handshake with the alert {alert}.", "Its log may say why."),
    "memory": (
        "The handshake needs more memory than the module has.",
        "Use EC P-256 certificates, and have the server send a shorter chain.",
    ),
    "protocol": (
        "The module's TLS library gave up (its error {detail}).",
        "Have the server send a plain chain, with suites such as {wanted}.",
    ),
}
"""Problem: what is wrong, and what to change. Most are named like the module's cause."""


def too_large(material: Material) -> tuple[str, str]:
    """What is wrong with files that do not fit into the module, and what to change."""
    each = ", ".join(f"{name} {size}" for name, size in material.sizes.items())
    wrong = f"The files need {material.size} bytes ({each}); the module has {CAP} for all of them."
    if material.bare_size <= CAP:
        return wrong, (
            "Leave out the text in front of the PEM blocks, with `openssl x509 -in FILE -out "
            f"SMALLER` or an editor: then they need {material.bare_size} bytes."
        )
    return wrong, (
        "Use certificates with EC P-256 keys: a CA, a certificate and a key of that kind need "
        "about 1900 bytes together. In a file with several certificates one is enough."
    )

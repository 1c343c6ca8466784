import CCrypto

/// What OpenSSL is told before it is used for the first time, by libcurl, libpq or a digest.
enum OpenSSL {
    /// Keeps it from taking itself apart when the program ends, as it would without being asked. A thread that ends in
    /// that moment gives back what OpenSSL keeps for it, which would then be freed twice, and the program that had
    /// done its work would crash. The system takes all memory back anyway.
    ///
    /// See [OPENSSL_init_crypto(3)](https://docs.openssl.org/3.0/man3/OPENSSL_init_crypto/).
    static let isReady = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1
}

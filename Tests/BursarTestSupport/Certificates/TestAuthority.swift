// A certificate authority that lives as long as one test.
private import Crypto
private import Foundation
package import NIOSSL
private import SwiftASN1
private import X509

/// Signs certificates for servers under test.
package struct TestAuthority: Sendable {
    private let key = P256.Signing.PrivateKey()
    private let certificate: Certificate

    package init() throws {
        let name = try DistinguishedName { CommonName("Bursar test authority") }
        certificate = try TestAuthority.certificate(
            name, for: key.publicKey, by: name, key,
            try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            })
    }

    /// The authority's certificate as PEM text.
    package var pem: String { get throws { try certificate.serializeAsPEM().pemString } }

    /// A certificate for `host` and its private key, as PEM text.
    package func issue(host: String) throws -> (certificate: String, key: String) {
        let leafKey = P256.Signing.PrivateKey()
        let leaf = try TestAuthority.certificate(
            try DistinguishedName { CommonName(host) }, for: leafKey.publicKey, by: certificate.subject, key,
            try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                SubjectAlternativeNames([.dnsName(host)])
            })
        return (try leaf.serializeAsPEM().pemString, leafKey.pemRepresentation)
    }

    /// A server that shows a certificate for `host`.
    package func serverContext(host: String) throws -> NIOSSLContext {
        let (certificate, key) = try issue(host: host)
        let shown = try NIOSSLCertificate(bytes: Array(certificate.utf8), format: .pem)
        let secret = try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(shown)], privateKey: .privateKey(secret)))
    }

    private static func certificate(
        _ subject: DistinguishedName, for key: P256.Signing.PublicKey, by issuer: DistinguishedName,
        _ issuerKey: P256.Signing.PrivateKey, _ extensions: Certificate.Extensions
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key),
            notValidBefore: Date.now - 3_600, notValidAfter: Date.now + 86_400, issuer: issuer,
            subject: subject, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: .init(issuerKey))
    }
}

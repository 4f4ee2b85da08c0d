// Our own certificate is renewed while the gateway serves.
import BursarTestSupport
import Foundation
import Testing

@Suite struct CertificateTests {
    /// Whether curl, which trusts only `authorities`, gets an answer from the gateway.
    private func isTrusted(_ gateway: RunningGateway, _ authorities: String) async throws -> Bool {
        let curl = try RunningProgram(
            "/usr/bin/curl", ["-sS", "--cacert", authorities, gateway.merchant + "/livez"])
        return await curl.end() == 0
    }

    private func metric(_ name: String, _ gateway: RunningGateway) async throws -> Double {
        let page = try await HTTP.get(gateway.admin + "/metrics").body
        let line = try #require(page.split(separator: "\n").first { $0.hasPrefix(name + " ") })
        return try #require(Double(line.dropFirst(name.count + 1)))
    }

    @Test func aRenewedPairServesAndABrokenOneDoesNot() async throws {
        try await Bench.lend(tls: true) { bench async throws in
            let former = try #require(bench.authorities)
            try await bench.withGateway { gateway async throws in
                #expect(try await isTrusted(gateway, former))
                let end = try await metric("bursar_tls_certificate_expiry_timestamp_seconds", gateway)
                #expect(abs(end - Date.now.timeIntervalSince1970 - 86_400) < 600)

                // Half of a renewal: the new certificate beside the old key.
                let authority = try TestAuthority()
                let renewed = try authority.issue(host: "localhost")
                let authorities = try bench.folder.write("renewed-authority.pem", authority.pem)
                try bench.folder.write("certificate.pem", renewed.certificate)
                try await until("the pair is refused") {
                    try await metric("bursar_tls_reload_failing", gateway) == 1
                }
                #expect(try await isTrusted(gateway, former), "the former one serves")

                // One file may hold both, with whatever else a tool has put there.
                try bench.folder.write("key.pem", renewed.certificate + "\n" + renewed.key)
                try await until("the pair is taken") {
                    try await metric("bursar_tls_reload_failing", gateway) == 0
                }
                #expect(try await isTrusted(gateway, authorities))
                #expect(try await !isTrusted(gateway, former))
                let said = gateway.program.output
                #expect(said.contains("cannot be used; the former certificate stays"))
                #expect(said.contains("TLS certificate read again"))
            }
        }
    }
}

// Looks into a JWT (RFC 7519) without judging its signature.
import BursarCore
private import Foundation

enum JWTPayload {
    /// The claims of a signed JWT in compact form; nil when `token` is none.
    static func claims(of token: Secret) -> JSONValue? {
        let parts = token.revealText().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let payload = decode(parts[1]),
            let claims = try? JSONReader.read(payload), case .object = claims
        else { return nil }
        return claims
    }

    /// base64url without padding (RFC 7515 §2).
    private static func decode(_ text: Substring) -> [UInt8]? {
        guard text.utf8.allSatisfy({ isBase62($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        else {
            return nil
        }
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        return Data(base64Encoded: standard + padding).map(Array.init)
    }
}

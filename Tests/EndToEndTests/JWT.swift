// The claims of a JWT, without its signature: tests only look.
import Foundation
import Testing

func claims(of token: String) throws -> [String: String] {
    let parts = token.split(separator: ".")
    var payload = String(try #require(parts.count == 3 ? parts[1] : nil))
        .replacing("-", with: "+").replacing("_", with: "/")
    payload += String(repeating: "=", count: (4 - payload.count % 4) % 4)
    let data = try #require(Data(base64Encoded: payload))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    return object.compactMapValues { $0 as? String }
}

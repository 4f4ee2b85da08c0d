// Requests and answers as values, for tests that need no connection.
import NIOCore
import NIOHTTP1

@testable import BursarHTTP

func request(
    _ route: Route = .oauthToken, query: String = "", body: String = "", _ fields: [(String, String)] = []
) -> HTTPRequest {
    HTTPRequest(
        id: RequestIDs().next(), method: route.methods[0], route: route, query: query[...],
        fields: RequestFields(HTTPHeaders(fields)), body: ByteBuffer(string: body))
}

/// A request with a form.
func formRequest(
    _ body: String, query: String = "", type: String = "application/x-www-form-urlencoded",
    _ fields: [(String, String)] = []
) -> HTTPRequest {
    request(.oauthToken, query: query, body: body, [("Content-Type", type)] + fields)
}

extension HTTPResponse {
    /// The values of a field.
    func values(of name: String) -> [String] {
        String(decoding: fields, as: UTF8.self).split(separator: "\r\n").compactMap { line in
            line.hasPrefix("\(name): ") ? String(line.dropFirst(name.utf8.count + 2)) : nil
        }
    }

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// What a call that must fail fails with.
func fault(_ body: () throws(RequestFault) -> Void) -> RequestFault? {
    do throws(RequestFault) {
        try body()
        return nil
    } catch {
        return error
    }
}

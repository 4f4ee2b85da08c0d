// Deadlines of a connection, on a clock that the test moves.
import NIOCore
import NIOEmbedded
import Testing

@testable import BursarHTTP

@Suite struct HTTPDeadlineTests {
    private let get = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    private let wait = "GET /v1/token HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func idleConnectionIsClosedWithoutAWord() throws {
        let connection = try EmbeddedConnection()
        try connection.send(get)
        #expect(try connection.statuses() == [200])
        connection.advance(.seconds(74))
        #expect(connection.isOpen)
        connection.advance(.seconds(1))
        #expect(!connection.isOpen)
        #expect(try connection.received() == "")
    }

    @Test func whoCollectsErrorsIsGivenLessTime() throws {
        let connection = try EmbeddedConnection()
        for _ in 1...2 {
            try connection.send("GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try connection.statuses() == [401])
            connection.advance(.seconds(9))
            #expect(connection.isOpen)
        }
        connection.advance(.seconds(1))
        #expect(!connection.isOpen)
    }

    @Test func anErrorAmongSuccessesChangesNothing() throws {
        let connection = try EmbeddedConnection()
        try connection.send(get + "GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try connection.statuses() == [200, 401])
        connection.advance(.seconds(74))
        #expect(connection.isOpen)
    }

    @Test func newConnectionIsGivenLessTime() throws {
        let connection = try EmbeddedConnection()
        connection.advance(.seconds(19))
        #expect(connection.isOpen)
        connection.advance(.seconds(1))
        #expect(!connection.isOpen)
    }

    @Test func eachRequestStartsTheIdleTimeAnew() throws {
        let connection = try EmbeddedConnection()
        for _ in 1...5 {
            try connection.send(get)
            #expect(try connection.statuses() == [200])
            connection.advance(.seconds(60))
        }
        #expect(connection.isOpen)
        connection.advance(.seconds(76))
        #expect(!connection.isOpen)
    }

    @Test func slowHeadIsGivenUpHoweverItTrickles() throws {
        let connection = try EmbeddedConnection()
        try connection.send(get)
        _ = try connection.received()
        connection.advance(.seconds(30))
        for character in "GET /live" {
            try connection.send(String(character))
            connection.advance(.seconds(1))
        }
        #expect(connection.isOpen)
        connection.advance(.seconds(2))
        #expect(try connection.statuses() == [408])
        #expect(!connection.isOpen)
    }

    @Test func slowBodyIsGivenUp() throws {
        let connection = try EmbeddedConnection()
        try connection.send("POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        for _ in 1...9 {
            try connection.send("a")
            connection.advance(.seconds(1))
        }
        #expect(connection.isOpen)
        connection.advance(.seconds(1))
        #expect(try connection.statuses() == [408])
        #expect(connection.handler.faults == [.tooSlow])
    }

    @Test func handlerThatForgetsIsANet() throws {
        let connection = try EmbeddedConnection()
        try connection.send(wait)
        connection.advance(.seconds(60))
        #expect(try connection.statuses() == [503])
        #expect(connection.handler.cancelledCount == 1)
        connection.handler.answerWaiting("too late")
        #expect(try connection.received() == "")
    }

    @Test func waitingIsNotIdle() throws {
        let connection = try EmbeddedConnection()
        try connection.send(get)
        _ = try connection.received()
        connection.advance(.seconds(70))
        try connection.send(wait)
        connection.advance(.seconds(59))
        connection.handler.answerWaiting("now")
        #expect(try connection.statuses() == [200])
    }

    @Test func closingCancelsWhatWaits() throws {
        let connection = try EmbeddedConnection()
        try connection.send(wait)
        try connection.channel.close().wait()
        #expect(connection.handler.cancelledCount == 1)
        connection.handler.answerWaiting("nobody hears it")
    }

    @Test func closingAfterAnAnswerCancelsNothing() throws {
        let connection = try EmbeddedConnection()
        try connection.send(wait)
        connection.handler.answerWaiting("now")
        try connection.channel.close().wait()
        #expect(connection.handler.cancelledCount == 0)
    }

    // MARK: Stopping

    @Test func idleConnectionIsClosedSoonWhenTheServerStops() throws {
        let connection = try EmbeddedConnection()
        connection.channel.pipeline.fireUserInboundEventTriggered(DrainEvent())
        #expect(connection.isOpen)
        connection.advance(.milliseconds(500))
        #expect(!connection.isOpen)
    }

    @Test func requestUnderWayIsAnsweredLastWhenTheServerStops() throws {
        let connection = try EmbeddedConnection()
        try connection.send(wait + get)
        connection.channel.pipeline.fireUserInboundEventTriggered(DrainEvent())
        connection.advance(.seconds(5))
        #expect(connection.isOpen)
        connection.handler.answerWaiting("last")
        let answer = try connection.received()
        #expect(answer.contains("Connection: close\r\n"))
        #expect(statusCodes(in: answer) == [200])
        #expect(!connection.isOpen)
    }
}

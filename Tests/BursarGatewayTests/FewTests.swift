// A list of few is a list.
import Testing

@testable import BursarGateway

@Suite struct FewTests {
    @Test(arguments: [[], ["one"], ["one", "two"], ["one", "two", "three"]])
    func fewAreWhatTheyWereMadeOf(elements: [String]) {
        let few = Few(elements)
        #expect(Array(few) == elements && few.count == elements.count && few.isEmpty == elements.isEmpty)
        #expect(few.indices.map { few[$0] } == elements)
        #expect(Array(few.reversed()) == elements.reversed())
        #expect(Array(Few(few.filter { $0 != "one" })) == elements.filter { $0 != "one" })
    }

    @Test func oneMoreComesLast() {
        var few = Few<Int>()
        for number in 0..<4 {
            few.append(number)
            #expect(Array(few) == Array(0...number))
        }
    }
}

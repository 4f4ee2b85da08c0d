// A list that nearly always has one element.

/// The first element lies in place, and only further ones in memory of their own.
struct Few<Element>: RandomAccessCollection {
    private var rest: [Element] = []
    private var head: Element?

    init() {}
    init(_ elements: some Sequence<Element>) { for element in elements { append(element) } }

    mutating func append(_ element: Element) {
        if head == nil { head = element } else { rest.append(element) }
    }

    var startIndex: Int { 0 }
    var endIndex: Int { head == nil ? 0 : 1 + rest.count }

    subscript(index: Int) -> Element {
        guard index == 0 else { return rest[index - 1] }
        guard let head else { preconditionFailure("there is no first element") }
        return head
    }
}

extension Few: Sendable where Element: Sendable {}

// The known key that a misspelt one was meant to be.

/// The candidate with the fewest edits from `name`, the first of several; nil without candidates.
package func nearestName(to name: String, among candidates: [String]) -> String? {
    candidates.min { editDistance($0, name) < editDistance($1, name) }
}

/// Levenshtein distance: how many characters must be put in, taken out or changed.
package func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (index, character) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let substitution = diagonal + (character == right[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(substitution, diagonal + 1, row[column] + 1)
        }
    }
    return row[right.count]
}

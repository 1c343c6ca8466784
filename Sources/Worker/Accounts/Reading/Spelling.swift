/// Finds the word somebody probably meant.
enum Spelling {
    /// The candidate nearest to a word, if one is near enough to be worth suggesting.
    static func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
        if candidates.contains(word) { return word }
        let letters = letters(of: word)
        let nearest = candidates.sorted()
            .map { (candidate: $0, distance: distance(letters, Self.letters(of: $0))) }
            .min { $0.distance < $1.distance }
        guard let nearest, nearest.distance <= max(1, (min(letters.count, nearest.candidate.count) + 1) / 3)
        else { return nil }
        return nearest.candidate
    }

    /// "; did you mean `region`?", or what there is to choose from, or nothing.
    static func hint(for word: String, in candidates: some Collection<String>, listing: String) -> String {
        if let nearest = nearest(to: word, in: candidates) { return "; did you mean \(nearest.shown)?" }
        guard !candidates.isEmpty else { return "" }
        return "; \(listing) \(candidates.map(\.shown).joined(separator: ", "))"
    }

    /// Case and hyphens are what people get wrong first, so they do not count.
    private static func letters(of word: String) -> [Character] {
        word.lowercased().filter { $0 != "-" && $0 != "_" }.prefix(64).map { $0 }
    }

    /// How many letters have to be added, dropped, changed or swapped with their neighbour.
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var before: [Int] = []
        var row = Array(0...other.count)
        for i in one.indices {
            var next = [i + 1]
            for j in other.indices {
                var best = min(row[j + 1] + 1, next[j] + 1, row[j] + (one[i] == other[j] ? 0 : 1))
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
                    best = min(best, before[j - 1] + 1)
                }
                next.append(best)
            }
            (before, row) = (row, next)
        }
        return row[other.count]
    }
}

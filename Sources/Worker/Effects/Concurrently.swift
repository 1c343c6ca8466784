extension Array where Element: Sendable {
    /// Does something with each element, with at most so many at a time; the results stand in the elements'
    /// order. The first error ends it all.
    func concurrentMap<Result: Sendable>(
        atMost limit: Int,
        _ transform: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var waiting = enumerated().makeIterator()
            var results = [Result?](repeating: nil, count: count)
            for _ in 0..<limit {
                guard let (index, element) = waiting.next() else { break }
                group.addTask { (index, try await transform(element)) }
            }
            while let (index, result) = try await group.next() {
                results[index] = result
                if let (index, element) = waiting.next() {
                    group.addTask { (index, try await transform(element)) }
                }
            }
            return results.compactMap(\.self)
        }
    }
}

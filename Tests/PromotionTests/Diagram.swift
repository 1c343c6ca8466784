import Promotion

/// A table of states and exits as the README shows it.
enum Diagram {
    struct Edge: Hashable, CustomStringConvertible {
        let from: String
        let to: String

        var description: String { "\(from) --> \(to)" }
    }

    static let attempt = edges(Attempt.State.allCases, start: .inspecting) { $0.exits }
    static let release = edges(Release.State.allCases, start: .waiting) { $0.exits }

    /// The states in the order of their declaration; `[*]` is the beginning, and the end where no state follows.
    private static func edges<State: RawRepresentable<String> & Hashable>(
        _ states: [State],
        start: State,
        exits: (State) -> Set<State>
    ) -> [Edge] {
        let inner = states.flatMap { state in
            let next = states.filter { exits(state).contains($0) }.map(\.rawValue)
            return (next.isEmpty ? ["[*]"] : next).map { Edge(from: state.rawValue, to: $0) }
        }
        return [Edge(from: "[*]", to: start.rawValue)] + inner
    }

    static func mermaid(_ edges: [Edge]) -> String {
        (["```mermaid", "stateDiagram-v2"] + edges.map { "    \($0)" } + ["```"]).joined(separator: "\n")
    }

    /// The edges of the first Mermaid diagram after a marker, or nil where there is none.
    static func edges(in text: String, after marker: String) -> [Edge]? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let first = lines.firstIndex(where: { $0.contains("<!-- \(marker) -->") }),
            let fence = lines[first...].firstIndex(where: { $0.hasPrefix("```mermaid") })
        else { return nil }
        return lines[(fence + 1)...].prefix { !$0.hasPrefix("```") }.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 3, words[1] == "-->" else { return nil }
            return Edge(from: words[0], to: words[2].split(separator: ":").first.map(String.init) ?? words[2])
        }
    }
}

import Foundation
import Native

/// What a model did wrong, as the end of a sentence about it that begins with "it".
struct Disappointment: Error, Equatable {
    let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}

/// A model's reply, read where a test looks at it.
struct Reply {
    /// Each form is read only where a test has a place in it: most replies have one.
    private let document: Result<JSONDocument, JSONError>?
    private let fields: Result<[String], CSVReader.Malformed>?

    init(_ body: [UInt8], for places: [SmokeTest.Place]) {
        let hasColumns = places.contains(where: \.isColumn)
        let hasPointers = !places.allSatisfy(\.isColumn)
        document =
            hasPointers
            ? Result { () throws(JSONError) in
                try JSONDocument(parsing: body, limits: JSONLimits(bytes: 16 << 20, depth: 64))
            } : nil
        fields =
            hasColumns
            ? Result { () throws(CSVReader.Malformed) in
                var reader = CSVReader(body)
                return try reader.next()?.fields ?? []
            } : nil
    }

    /// What stands at a place of a reply.
    enum Value: Equatable {
        case json(JSONValue)
        /// A field of CSV, which has no types: it is whatever it can be read as.
        case field(String)

        var number: Double? {
            switch self {
            case .json(let value): value.number
            case .field(let text): Self.number(text)
            }
        }

        var text: String? {
            switch self {
            case .json(let value): value.string
            case .field(let text): text
            }
        }

        var flag: Bool? {
            switch self {
            case .json(let value): value.bool
            case .field(let text): Bool(text.lowercased())
            }
        }

        /// The value as a sentence quotes it.
        var shown: String {
            switch self {
            case .json(.int(let number)): "\(number)"
            case .json(.number(let number)): "\(number)"
            case .json(.bool(let flag)): "\(flag)"
            case .json(.string(let text)), .field(let text): text.shown
            case .json(.null): "null"
            case .json(.array): "an array"
            case .json(.object): "an object"
            }
        }

        /// The finite number that a text is, or nil.
        static func number(_ text: String) -> Double? {
            let number = Double(text.trimmingCharacters(in: .whitespaces))
            guard let number, number.isFinite else { return nil }
            return number
        }
    }

    /// What stands at a place.
    func value(at place: SmokeTest.Place) throws(Disappointment) -> Value {
        switch place {
        case .pointer(let pointer):
            let document: JSONDocument
            do throws(JSONError) {
                guard let read = try self.document?.get() else { throw JSONError(.pointer) }
                document = read
            } catch {
                throw Disappointment("answered something that is not JSON: \(error)")
            }
            guard let value = try? document.value(at: pointer) else {
                throw Disappointment("has nothing \(place)")
            }
            return .json(value)
        case .column(let column):
            let fields: [String]
            do throws(CSVReader.Malformed) {
                fields = try self.fields?.get() ?? []
            } catch {
                throw Disappointment("answered something that is not CSV: \(error)")
            }
            guard fields.indices.contains(column) else {
                throw Disappointment(
                    "has nothing \(place), counted from 0: its answer has \(fields.count) in the first line"
                )
            }
            return .field(fields[column])
        }
    }

    /// Throws where a reply is not what is expected.
    static func check(_ body: [UInt8], _ expectations: [SmokeTest.Expectation]) throws(Disappointment) {
        let reply = Reply(body, for: expectations.map(\.place))
        for expectation in expectations {
            try expectation.check.pass(try reply.value(at: expectation.place), expectation.place)
        }
    }
}

extension SmokeTest.Expectation.Check {
    fileprivate func pass(_ value: Reply.Value, _ place: SmokeTest.Place) throws(Disappointment) {
        let isGood: Bool
        let expected: String
        switch self {
        case .between(let low, let high):
            guard let number = value.number else {
                throw Disappointment("has no number \(place), but \(value.shown)")
            }
            (isGood, expected) = ((low...high).contains(number), "\(low) to \(high)")
        case .equals(.text(let text)): (isGood, expected) = (value.text == text, text.shown)
        case .equals(.number(let number)): (isGood, expected) = (value.number == number, "\(number)")
        case .equals(.flag(let flag)): (isGood, expected) = (value.flag == flag, "\(flag)")
        }
        guard isGood else {
            throw Disappointment("answered \(value.shown) \(place), and \(expected) is expected")
        }
    }
}

extension SmokeTest.Place: CustomStringConvertible {
    var isColumn: Bool {
        if case .column = self { true } else { false }
    }

    /// Where it is, as a part of a sentence.
    public var description: String {
        switch self {
        case .pointer(""): "as the whole answer"
        case .pointer(let pointer): "at \(pointer.printable)"
        case .column(let column): "in column \(column)"
        }
    }
}

extension [SmokeTest.Place] {
    /// What a model is told to answer in. Many answer in the form they are asked in, and others in JSON.
    var accept: String? { !isEmpty && allSatisfy(\.isColumn) ? "text/csv" : nil }
}

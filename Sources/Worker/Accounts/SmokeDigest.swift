internal import Foundation

/// What a smoke test asks, for the digest of the settings in force.
extension EndpointDocument {
    static func canonical(_ smoke: SmokeTest) -> CanonicalJSON {
        var object: [String: CanonicalJSON] = [:]
        switch smoke.question {
        case .requests(let requests):
            object["contentType"] = .text(requests.contentType)
            object["invocations"] = requests.invocations.map(CanonicalJSON.integer)
            object["expect"] = .list(requests.expect.map(canonical))
            switch requests.body {
            case .bytes(let bytes):
                // Text stays text; other bytes would all become the same replacement characters.
                if let text = String(validating: bytes, as: UTF8.self) {
                    object["body"] = .text(text)
                } else {
                    object["bodyBytes"] = .text(Data(bytes).base64EncodedString())
                }
            case .object(let place): object["bodyFrom"] = .text(place.description)
            }
        case .golden(let golden): object["golden"] = canonical(golden)
        }
        object["target"] = smoke.target.map(CanonicalJSON.text)
        object["within"] = smoke.within.map(CanonicalJSON.duration)
        return .object(object)
    }

    private static func canonical(_ golden: SmokeTest.GoldenSet) -> CanonicalJSON {
        var object = canonical(golden.prediction)
        object["data"] = .text(golden.data.description)
        object["label"] = .text(golden.label)
        switch golden.threshold {
        case .mae(let most): object["mae"] = .number(most)
        case .rmse(let most): object["rmse"] = .number(most)
        case .accuracy(let least): object["accuracy"] = .number(least)
        }
        return .object(object)
    }

    private static func canonical(_ place: SmokeTest.Place) -> [String: CanonicalJSON] {
        switch place {
        case .pointer(let pointer): ["pointer": .text(pointer)]
        case .column(let column): ["column": .integer(column)]
        }
    }

    private static func canonical(_ expectation: SmokeTest.Expectation) -> CanonicalJSON {
        var object = canonical(expectation.place)
        switch expectation.check {
        case .equals(.text(let text)): object["equals"] = .text(text)
        case .equals(.number(let number)): object["equals"] = .number(number)
        case .equals(.flag(let flag)): object["equals"] = .flag(flag)
        case .between(let low, let high): object["between"] = .list([.number(low), .number(high)])
        }
        return .object(object)
    }
}

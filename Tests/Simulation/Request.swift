import Foundation
import Native

/// One request to AWS as the simulated AWS reads it.
struct Request {
    let url: String
    let method: String
    /// Such as `sagemaker` or `s3`.
    let service: String
    let operation: String
    let bucket: String
    let key: String
    let query: [String: String]
    let headers: [String: String]
    /// The members of a JSON body or the fields of a form.
    let input: [String: Any]
    let body: [UInt8]

    init(_ request: HTTPRequest) {
        url = request.url
        method = request.method
        body = request.body
        let address = HTTPAddress(request.url)
        let labels = (address?.host ?? "").split(separator: ".").map(String.init)
        headers = Dictionary(
            request.headers.map { ($0.name.lowercased(), $0.value) },
            uniquingKeysWith: { $1 }
        )
        query = Dictionary(
            (address?.query ?? "").split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
                return (Self.plain(parts[0]), parts.count > 1 ? Self.plain(parts[1]) : "")
            },
            uniquingKeysWith: { $1 }
        )
        let path = Self.plain(address?.path ?? "/")
        if labels.dropFirst().first == "s3" {
            service = "s3"
            bucket = labels[0]
            key = String(path.dropFirst())
            operation = Self.s3(request.method, key, query, headers)
            input = [:]
            return
        }
        bucket = ""
        key = ""
        if labels.first == "runtime" {
            service = "runtime"
            operation = "InvokeEndpoint"
            input = ["EndpointName": path.split(separator: "/").dropFirst().first.map(String.init) ?? ""]
            return
        }
        if let target = headers["x-amz-target"] {
            service = labels.first == "api" ? "sagemaker" : labels.first ?? ""
            operation = target.split(separator: ".").last.map(String.init) ?? ""
            input = (try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]) ?? [:]
            return
        }
        service = "sts"
        var form: [String: Any] = [:]
        for pair in String(decoding: request.body, as: UTF8.self).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            form[parts[0]] = parts.count > 1 ? Self.plain(parts[1]) : ""
        }
        input = form
        operation = form["Action"] as? String ?? ""
    }

    /// How long an empty queue may be waited for.
    var waitSeconds: Int { operation == "ReceiveMessage" ? input["WaitTimeSeconds"] as? Int ?? 0 : 0 }

    /// The access key that signed it.
    var signer: String {
        let text = headers["authorization"] ?? ""
        guard let start = text.range(of: "Credential=") else { return "" }
        return String(text[start.upperBound...].prefix { $0 != "/" })
    }

    func text(_ name: String) -> String { input[name] as? String ?? "" }

    /// Whether it changes something in a deployment account.
    var isMutating: Bool {
        let words = ["Create", "Update", "Delete", "Add", "Copy"]
        return service != "sqs" && words.contains { operation.hasPrefix($0) }
    }

    private static func plain(_ text: String) -> String { text.removingPercentEncoding ?? text }

    private static func s3(
        _ method: String,
        _ key: String,
        _ query: [String: String],
        _ headers: [String: String]
    ) -> String {
        switch method {
        case "HEAD": "HeadObject"
        case "PUT": headers["x-amz-copy-source"] == nil ? "PutObject" : "CopyObject"
        case "POST": "DeleteObjects"
        default:
            query["list-type"] != nil ? "ListObjectsV2" : key.isEmpty ? "ListMultipartUploads" : "GetObject"
        }
    }
}

extension HTTPResponse {
    static func json(_ object: [String: Any], status: Int = 200) -> HTTPResponse {
        let data = (try? JSONSerialization.data(withJSONObject: object, options: .sortedKeys)) ?? Data()
        return HTTPResponse(
            status: status,
            headers: [HTTPHeader("Content-Type", "application/x-amz-json-1.1")],
            body: Array(data)
        )
    }

    /// How SageMaker and SQS refuse.
    static func refusal(_ code: String, _ message: String, status: Int = 400) -> HTTPResponse {
        .json(["__type": code, "message": message], status: status)
    }

    static func xml(_ text: String, status: Int = 200, headers: [HTTPHeader] = []) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: Array(text.utf8))
    }

    /// How S3 and STS refuse.
    static func xmlRefusal(_ code: String, _ message: String, status: Int) -> HTTPResponse {
        .xml("<Error><Code>\(code)</Code><Message>\(message)</Message></Error>", status: status)
    }
}

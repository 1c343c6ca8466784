import Testing

@testable import AWS

@Suite struct EndpointTests {
    @Test(arguments: [
        (Service.sqs, "eu-west-1", "sqs.eu-west-1.amazonaws.com"),
        (.sts, "us-east-1", "sts.us-east-1.amazonaws.com"),
        (.s3, "us-east-1", "s3.amazonaws.com"), (.s3, "eu-west-1", "s3.eu-west-1.amazonaws.com"),
        (.s3, "cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
        (.sageMaker, "eu-west-1", "api.sagemaker.eu-west-1.amazonaws.com"),
        (.sageMakerRuntime, "eu-west-1", "runtime.sagemaker.eu-west-1.amazonaws.com"),
        (.eventBridge, "cn-northwest-1", "events.cn-northwest-1.amazonaws.com.cn"),
        (.cloudWatch, "eu-west-1", "monitoring.eu-west-1.amazonaws.com"),
    ])
    func hosts(_ service: Service, _ region: String, _ host: String) throws {
        let endpoint = try #require(Endpoint(service, region: region, environment: AWSEnvironment([:])))
        #expect(endpoint.scheme == "https")
        #expect(endpoint.authority == host)
    }

    @Test func theEnvironmentNamesOthers() throws {
        let environment = AWSEnvironment([
            "AWS_ENDPOINT_URL": "http://127.0.0.1:5000/",
            "AWS_ENDPOINT_URL_S3": "https://minio.local:443/base/",
            "AWS_ENDPOINT_URL_SQS": "",
        ])
        let sqs = try #require(Endpoint(.sqs, region: "r", environment: environment))
        #expect((sqs.scheme, sqs.authority, sqs.basePath) == ("http", "127.0.0.1:5000", ""))
        let s3 = try #require(Endpoint(.s3, region: "r", environment: environment))
        #expect((s3.scheme, s3.authority, s3.basePath) == ("https", "minio.local", "/base"))
        #expect(s3.addressing(bucket: "models").path == "/models")
        let wrong = AWSEnvironment(["AWS_ENDPOINT_URL": "localhost"])
        #expect(Endpoint(.sqs, region: "r", environment: wrong) == nil)
    }

    @Test(arguments: [
        ("models", "models.s3.eu-west-1.amazonaws.com", ""), ("a-1", "a-1.s3.eu-west-1.amazonaws.com", ""),
        ("a.b.c", "s3.eu-west-1.amazonaws.com", "/a.b.c"), ("Upper", "s3.eu-west-1.amazonaws.com", "/Upper"),
        ("a_b", "s3.eu-west-1.amazonaws.com", "/a_b"), ("x", "s3.eu-west-1.amazonaws.com", "/x"),
        ("a/../b", "s3.eu-west-1.amazonaws.com", "/a%2F..%2Fb"),
    ])
    func buckets(_ bucket: String, _ authority: String, _ path: String) throws {
        let endpoint = try #require(Endpoint(.s3, region: "eu-west-1", environment: AWSEnvironment([:])))
        let place = endpoint.addressing(bucket: bucket)
        #expect(place.endpoint.authority == authority)
        #expect(place.path == path)
    }

    @Test func settings() {
        let environment = AWSEnvironment([
            "AWS_DEFAULT_REGION": "b", "AWS_MAX_ATTEMPTS": "0", "AWS_CA_BUNDLE": "/ca.pem", "HOME": "/home/x",
        ])
        #expect(environment.region == "b")
        #expect(AWSEnvironment(["AWS_DEFAULT_REGION": "b", "AWS_REGION": "a"]).region == "a")
        #expect(environment.maximumAttempts == 1)
        #expect(AWSEnvironment(["AWS_MAX_ATTEMPTS": "x"]).maximumAttempts == 3)
        #expect(environment.certificateAuthorities == "/ca.pem")
        #expect(environment.configFile == "/home/x/.aws/config")
        #expect(AWSEnvironment(["AWS_PROFILE": "p"]).profile == "p")
    }
}

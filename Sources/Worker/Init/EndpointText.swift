extension FolderDraft {
    var endpointText: String {
        [
            head, containerText, adoptText, operatorsText, smokeText,
            "# A release goes through the stages in this order.\nstages:\n"
                + stages.indices.map(stageText).joined(separator: "\n"),
        ].joined(separator: "\n")
    }

    private var head: String {
        """
        # One endpoint, which has this name in every account it is deployed to.
        kind: endpoint
        name: \(YAML.scalar(endpoint))
        \(modelsText)
        # The machines. A stage may change single keys. `volumeKmsKey` is the ARN of a key for their volumes.
        variant: \(text(of: variant))

        """
    }

    private var modelsText: String {
        switch models {
        case .single(let group):
            """
            serves: single-model # or multi-model, with `models: {TARGET: GROUP}` in place of `model`

            # The model package group of the registry that feeds it.
            model: \(YAML.scalar(group))

            """
        case .multi(let groups):
            """
            serves: multi-model # or single-model, with `model: GROUP` in place of `models`

            # Which model package group of the registry feeds which target model. Clients keep asking for the target.
            models:
            \(groups.sorted { $0.key < $1.key }.map(text).joined(separator: "\n"))

            """
        }
    }

    private func text(of target: String, group: String) -> String {
        let note = guessed.contains(target) ? " # a guess: which group is it?" : ""
        return "  \(YAML.scalar(target)): \(YAML.scalar(group))\(note)"
    }

    private func text(of variant: VariantDocument) -> String {
        var keys = [
            "name: \(YAML.scalar(variant.name))", "instance: \(variant.instance)", "count: \(variant.count)",
        ]
        if let key = variant.volumeKmsKey { keys.append("volumeKmsKey: \(YAML.quoted(key))") }
        return "{\(keys.joined(separator: ", "))}"
    }

    private var containerText: String {
        guard let container else {
            return """
                # Optional: a container in place of the model packages' own.
                # container:
                #   image: \(registry).dkr.ecr.\(region).amazonaws.com/forecast:1.4
                #   environment: {LOG_LEVEL: info}

                """
        }
        let left =
            withheld.isEmpty
            ? ""
            : "# Left out, because they look like secrets and nothing secret lives here: "
                + "\(withheld.joined(separator: ", ")).\n"
                + "# Have the container read them from where secrets are kept, or take this block out.\n"
        return """
            # What runs there now, in place of the model packages' own container. Take it out where that is right.
            \(left)\
            container:
              image: \(YAML.quoted(container.image))
              environment: \(YAML.mapping(container.environment))

            """
    }

    private var adoptText: String {
        adopt
            ? """
            # The endpoint is there already and Sluice did not make it: the first release takes it over, and keeps
            # what this file does not speak of.
            adopt: true

            """
            : """
            # Optional: the first release takes over an endpoint of this name that Sluice did not make.
            # adopt: true

            """
    }

    private var operatorsText: String {
        """
        # Optional: who may retry, roll back, hold, resume and deploy. The approvers of all stages are the default.
        # operators: ["AROAEXAMPLEID:*"]

        """
    }

    private var smokeText: String {
        guard let question else {
            return """
                # What every changed model is asked before a release counts as verified. Nothing is asked so far, so
                # a model that answers nonsense is verified too: write down a request, and what has to come back.
                smoke: none
                # smoke:
                #   - contentType: text/csv
                #     body: "1,2,3"
                #     within: 2s # after the model has loaded
                #     expect: [{pointer: /predictions/0/score, between: [0, 100]}]

                """
        }
        return """
            # What every changed model is asked before a release counts as verified. An entry with a `target` is for
            # that model, one without is for those that have none of their own.
            smoke:
              - contentType: \(YAML.quoted(question.contentType))
                body: \(YAML.quoted(question.body))
                # Without it any answer will do.
                # expect: [{pointer: /predictions/0/score, between: [0, 100]}]

            """
    }

    private func stageText(_ index: Int) -> String {
        let (name, accounts) = stages[index]
        var lines = ["  - stage: \(YAML.scalar(name))"]
        if index == 0 {
            lines.append("    accepts: [Approved] # the default; a sandbox may add PendingManualApproval")
        }
        if let own = accounts.compactMap(\.variant).first, own != variant {
            lines.append("    variant: \(text(of: own))")
        }
        if index + 1 < stages.count {
            lines.append("    soak: 10m # how long it has to serve here before it may go on")
        }
        // People stand before what comes after the first stage, and before that one where there is no other.
        if index > 0 || stages.count == 1 { lines.append(gateText) }
        return lines.joined(separator: "\n") + "\n"
    }

    private var gateText: String {
        guard !approvers.isEmpty else {
            return """
                    gate:
                      # How many people have to approve. With 0 a release promotes by itself once the rest holds.
                      approvals: 0
                      # approvers: ["AROAEXAMPLEID:*"] # `sluice whoami` prints one's own
                """
        }
        return """
                gate:
                  # How many people have to approve. With 0 a release promotes by itself once the rest holds.
                  approvals: 1
                  # Their SQS SenderIds (`sluice whoami` prints one's own). All sessions of one role are one person.
                  approvers: [\(approvers.map(YAML.quoted).joined(separator: ", "))]
                  # After this long without them the release is refused.
                  expires: 7d
                  # Optional: CloudWatch alarms that have to be quiet, and when a release may enter.
                  # alarms: [\(endpoint)-5xx]
                  # windows: {zone: Europe/Berlin, allow: ["Mon-Thu 09:00-16:00"]}
            """
    }
}

extension AccountsFolder {
    /// Reads every `*.yaml` below a folder, or throws everything that is wrong with them.
    public static func load(_ folder: String) throws(AccountsError) -> AccountsFolder {
        throw AccountsError(problems: [.init(file: folder, message: "the loader is not written yet")])
    }
}

extension GivenOption {
  /// Reads the rest of a command line, `--scale 2 --mode=clip --tta`, against descriptions that are known only
  /// once the stage is: so `pipeline stage NAME` takes the stage's own options.
  ///
  /// A flag stands alone; `--no-` before its name turns off what a specification's defaults turned on. Values
  /// are checked later, by `Options`.
  ///
  /// - Parameter owner: for messages: `stage 'upscale'`.
  /// - Throws: `PipelineError` of kind `.usage` for an unknown or repeated option, a missing value, or anything
  ///   that is no option.
  public static func parse(_ arguments: [String], _ descriptions: [OptionDescription], owner: String) throws
    -> [String: GivenOption]
  {
    var given: [String: GivenOption] = [:]
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--"), argument.count > 2 else {
        let hint =
          argument.hasPrefix("-")
          ? "a file of that name is './\(argument)'" : "the input comes through standard input"
        throw PipelineError.usage("\(owner): '\(argument)' is not an option; \(hint)")
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let option = String(parts[0])
      let inline = parts.count == 2 ? String(parts[1]) : nil
      let (description, isNegated) = try find(option, descriptions, owner)
      let value: String
      if description.form == .flag, inline == nil {
        value = isNegated ? "false" : "true"
      } else if let inline, !isNegated {
        value = inline
      } else if inline == nil, let next = rest.first, !next.hasPrefix("--") {
        value = next
        rest.removeFirst()
      } else {
        throw PipelineError.usage(
          isNegated
            ? "\(owner): \(option) takes no value"
            : "\(owner): \(option) wants a value (\(description.expectation))")
      }
      guard given[description.name] == nil else {
        throw PipelineError.usage("\(owner): --\(description.name) is given twice")
      }
      given[description.name] = GivenOption(value, place: "--\(description.name)")
    }
    return given
  }

  private static func find(_ option: String, _ descriptions: [OptionDescription], _ owner: String) throws
    -> (description: OptionDescription, isNegated: Bool)
  {
    for description in descriptions {
      if option == "--\(description.name)" { return (description, false) }
      if option == "--no-\(description.name)", description.form == .flag { return (description, true) }
    }
    let known = descriptions.map { "--\($0.name)" }
    throw PipelineError.usage(
      "\(owner): \(NearestName.unknown("option", option, known: known, listing: true))")
  }
}

public import Foundation
internal import MediaIO

/// Which inputs make which outputs; checked as a whole before any work.
public struct RunPlan: Sendable {
  public struct Job: Sendable, Equatable {
    /// nil for standard input.
    public let input: URL?
    /// nil for standard output.
    public let output: URL?

    /// What messages call the input.
    public var source: String { input?.relativePath ?? "standard input" }
  }

  public let jobs: [Job]
  /// True for several inputs or a folder: errors are gathered, and what is done is skipped.
  public let isBatch: Bool

  /// - Parameters:
  ///   - inputs: files, folders (searched recursively, links to folders not followed), or `-`.
  ///   - output: a file, a folder, `-`, or nil for `<name>-<task>` in the working folder.
  ///   - inputExtensions: of the files that are taken from folders, in lower case.
  /// - Throws: `PipelineError` of kind `.usage` when the output's kind does not fit, two inputs would make one
  ///   output, or an output is an input; of kind `.data` for an input that is not there.
  public init(
    inputs: [String], output: String?, task: any PipelineTask, inputExtensions: Set<String>
  ) throws {
    guard !inputs.contains("") else { throw PipelineError.usage("an input's name is empty") }
    var seen: Set<String> = []
    let inputs = inputs.filter { input in
      seen.insert(input == "-" ? input : URL(fileURLWithPath: input).standardizedFileURL.path).inserted
    }
    guard !inputs.isEmpty else {
      throw PipelineError.usage(
        "task '\(task.name)' needs an input: a file, a folder, or - for standard input")
    }
    let hasFolder = inputs.contains { $0 != "-" && Self.isFolder($0) }
    isBatch = inputs.count > 1 || hasFolder
    guard isBatch else {
      jobs = [try Self.single(inputs[0], output, task)]
      return
    }
    guard !inputs.contains("-"), output != "-" else {
      throw PipelineError.usage(
        "- stands for one input or output; with several inputs, files and folders would be right")
    }
    if hasFolder, output == nil {
      throw PipelineError.usage(
        "-o is missing; with a folder as input, a folder for the results would be right")
    }
    if let output, FileManager.default.fileExists(atPath: output), !Self.isFolder(output) {
      throw PipelineError.usage("-o is the file '\(output)'; with several inputs, a folder would be right")
    }
    if let output, !FileManager.default.fileExists(atPath: output),
      (output as NSString).pathExtension.lowercased() == task.outputExtension
    {
      throw PipelineError.usage("-o is '\(output)'; with several inputs, a folder would be right")
    }
    let target = output.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
    var jobs: [Job] = []
    for input in inputs {
      if Self.isFolder(input) {
        let names = try Self.files(below: input, inputExtensions, leavingOut: target)
        let counts = Dictionary(grouping: names) { ($0 as NSString).deletingPathExtension }.mapValues(\.count)
        for name in names {
          // `a.jpg` beside `a.png` becomes `a.jpg.png`.
          let bare = (name as NSString).deletingPathExtension
          let isAlone = counts[bare] == 1 || (name as NSString).pathExtension == task.outputExtension
          let stem = isAlone ? bare : name
          jobs.append(
            Job(
              input: URL(fileURLWithPath: "\(input)/\(name)"),
              output: URL(fileURLWithPath: "\(output ?? ".")/\(stem).\(task.outputExtension)")))
        }
      } else {
        let name = "\(Self.stem(input))-\(task.name).\(task.outputExtension)"
        let path = output.map { "\($0)/\(Self.stem(input)).\(task.outputExtension)" } ?? name
        jobs.append(Job(input: URL(fileURLWithPath: input), output: URL(fileURLWithPath: path)))
      }
    }
    guard !jobs.isEmpty else {
      throw PipelineError.data(
        "no input below \(inputs.joined(separator: ", ")); files ending in "
          + "\(inputExtensions.sorted().map { ".\($0)" }.joined(separator: ", ")) would be right")
    }
    try Self.checkDistinct(jobs)
    self.jobs = jobs
  }

  private static func single(_ input: String, _ output: String?, _ task: any PipelineTask) throws -> Job {
    let source = input == "-" ? nil : URL(fileURLWithPath: input)
    if output == "-" { return Job(input: source, output: nil) }
    let name = "\(input == "-" ? "stdin" : stem(input))-\(task.name).\(task.outputExtension)"
    var given = output ?? name
    if isFolder(given) || given.hasSuffix("/") {
      given = (given as NSString).appendingPathComponent(name)
    } else if (given as NSString).pathExtension.lowercased() != task.outputExtension {
      throw PipelineError.usage(
        "-o is '\(given)', but '\(task.name)' writes .\(task.outputExtension) files; "
          + "'\(stem(given)).\(task.outputExtension)' would be right")
    }
    let job = Job(input: source, output: URL(fileURLWithPath: given))
    try checkDistinct([job])
    return job
  }

  private static func checkDistinct(_ jobs: [Job]) throws {
    let inputs = Set(jobs.compactMap { $0.input?.resolvingSymlinksInPath().path })
    var makers: [String: String] = [:]
    for job in jobs {
      guard let output = job.output else { continue }
      let path = output.resolvingSymlinksInPath().path
      if inputs.contains(path) {
        throw PipelineError.usage(
          "the output '\(output.relativePath)' is an input; another name would be right")
      }
      if let other = makers.updateValue(job.source, forKey: path) {
        throw PipelineError.usage(
          "'\(other)' and '\(job.source)' would both become '\(output.relativePath)'; run them into two folders"
        )
      }
    }
  }

  private static func stem(_ path: String) -> String {
    ((path as NSString).lastPathComponent as NSString).deletingPathExtension
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Paths below `folder`, sorted; hidden files and what lies in `target` are left out.
  private static func files(below folder: String, _ extensions: Set<String>, leavingOut target: String?)
    throws
    -> [String]
  {
    guard let walk = FileManager.default.enumerator(atPath: folder) else {
      throw PipelineError.data("the folder '\(folder)' cannot be read")
    }
    let root = URL(fileURLWithPath: folder).standardizedFileURL.path
    // Results of an earlier run are no inputs; but a folder that holds the inputs is no place of results alone.
    let target = target.flatMap { $0.hasPrefix(root + "/") ? $0 : nil }
    var names: [String] = []
    while let name = walk.nextObject() as? String {
      let isHidden = name.split(separator: "/").contains { $0.hasPrefix(".") }
      guard !isHidden, extensions.contains((name as NSString).pathExtension.lowercased()) else { continue }
      let path = URL(fileURLWithPath: "\(folder)/\(name)").standardizedFileURL.path
      if let target, path.hasPrefix(target + "/") { continue }
      // Pipes and devices would be waited for.
      var status = stat()
      if stat("\(folder)/\(name)", &status) != 0 || status.st_mode & S_IFMT == S_IFREG { names.append(name) }
    }
    return names.sorted()
  }
}

import Foundation
import MediaIO
import PipelineKit

/// Where draws go: all into one file, a file each into a folder, or to standard output.
enum DrawTarget {
  case standardOutput
  case file(URL)
  case folder(URL, stem: String, ending: String)

  /// - Parameters:
  ///   - output: what `-o` says.
  ///   - name: of the file where it says nothing.
  /// - Throws: `PipelineError` of kind `.usage` for a file of another kind.
  init(_ output: String?, default name: String, task: any PipelineTask) throws {
    let given = output ?? name
    if given == "-" {
      self = .standardOutput
      return
    }
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: given, isDirectory: &isFolder)
    let url = URL(fileURLWithPath: given)
    if given.hasSuffix("/") || (exists && isFolder.boolValue) {
      self = .folder(
        url, stem: (name as NSString).deletingPathExtension, ending: (name as NSString).pathExtension)
      return
    }
    guard task.outputExtensions.contains((given as NSString).pathExtension.lowercased()) else {
      let endings = task.outputExtensions.sorted().map { ".\($0)" }
      throw PipelineError.usage(
        "-o is '\(given)', but '\(task.name)' writes \(endings.joined(separator: " or ")) files; a name ending so, or a folder "
          + "ending in /, would be right")
    }
    self = .file(url)
  }

  /// Each file is written at once or not at all; written paths go to standard output.
  func write(_ files: DrawnFiles, json: Bool) throws {
    switch self {
    case .standardOutput: try StandardStreams.write(files.together)
    case .file(let url):
      try AtomicFile.write(files.together, to: url)
      try printResult(
        url.relativePath, json: ["output": url.relativePath, "draws": files.single.count], asJSON: json)
    case .folder(let folder, let stem, let ending):
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch { throw PipelineError.data("the folder \(folder.relativePath) cannot be made") }
      for (index, data) in files.single {
        let url = URL(
          fileURLWithPath: "\(folder.relativePath)/\(stem)-\(String(format: "%04d", index)).\(ending)")
        try Interrupt.check()
        try AtomicFile.write(data, to: url)
        try printResult(
          url.relativePath, json: ["output": url.relativePath, "index": index], asJSON: json)
      }
    }
  }
}

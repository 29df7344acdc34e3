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
      try OutputFolder.make(folder)
      for (index, data) in files.single {
        let url = Self.file(index, in: folder, stem, ending)
        try Interrupt.check()
        try AtomicFile.write(data, to: url)
        try printResult(
          url.relativePath, json: ["output": url.relativePath, "index": index], asJSON: json)
      }
    }
  }

  /// Sounds are made while they are written; a file appears when it is whole.
  func write(_ sounds: DrawnSounds, json: Bool) throws {
    func save(_ sound: SoundStream, to url: URL) throws {
      let file = try AtomicFile(url)
      try sound.write(to: file, name: url.relativePath)
      try file.commit()
    }
    try check(sounds.beside)
    switch self {
    case .standardOutput: try sounds.together.write(to: StandardOutputSink())
    case .file(let url):
      try save(sounds.together, to: url)
      try printResult(
        url.relativePath, json: ["output": url.relativePath, "draws": sounds.single.count], asJSON: json)
    case .folder(let folder, let stem, let ending):
      try OutputFolder.make(folder)
      for (index, sound) in sounds.single {
        let url = Self.file(index, in: folder, stem, ending)
        try Interrupt.check()
        try save(sound, to: url)
        try printResult(
          url.relativePath, json: ["output": url.relativePath, "index": index], asJSON: json)
      }
    }
  }

  /// Text goes to standard output while it is made; a file appears when it is whole.
  func write(_ texts: DrawnTexts, json: Bool) throws {
    func save(_ text: TextStream, to url: URL) throws {
      let file = try AtomicFile(url)
      try text.render { try file.write(Data($0.utf8)) }
      try file.commit()
    }
    switch self {
    case .standardOutput: try texts.together.render { try StandardStreams.write(Data($0.utf8)) }
    case .file(let url):
      try save(texts.together, to: url)
      try printResult(
        url.relativePath, json: ["output": url.relativePath, "draws": texts.single.count], asJSON: json)
    case .folder(let folder, let stem, let ending):
      try OutputFolder.make(folder)
      for (index, text) in texts.single {
        let url = Self.file(index, in: folder, stem, ending)
        try Interrupt.check()
        try save(text, to: url)
        try printResult(
          url.relativePath, json: ["output": url.relativePath, "index": index], asJSON: json)
      }
    }
  }

  /// What is of each sound goes with a folder of sounds, what is of all together with one file.
  private func check(_ beside: DrawnSounds.Beside?) throws {
    guard let beside else { return }
    var isFolder = false
    if case .folder = self { isFolder = true }
    guard beside.isOfEach != isFolder else { return }
    throw PipelineError.usage(
      "--\(beside.option) is '\(beside.value)', "
        + (isFolder
          ? "one file, but -o is a folder of a sound each; a folder, ending in /, would be right"
          : "a folder for each sound, but all go into one file; the name of a file would be right"))
  }

  private static func file(_ index: Int, in folder: URL, _ stem: String, _ ending: String) -> URL {
    URL(fileURLWithPath: "\(folder.relativePath)/\(stem)-\(String(format: "%04d", index)).\(ending)")
  }
}

/// Standard output as it takes sound: what has gone out stays as it is.
private final class StandardOutputSink: AudioSink {
  func append(_ data: Data) throws { try StandardStreams.write(data) }

  func replace(at offset: Int, with data: Data) {}
}

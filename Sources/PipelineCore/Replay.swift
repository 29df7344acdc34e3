public import Foundation
internal import MediaIO
internal import Torch

/// Makes a file again from what it says about its making.
public struct Replay: Sendable {
  public let provenance: Provenance
  /// The file that it was made from; nil for what was drawn from words or numbers alone.
  public let input: URL?

  /// - Parameters:
  ///   - input: what the file was made from; nil to look for it by its SHA-256 beside the file and in the working
  ///     folder.
  /// - Throws: `PipelineError` of kind `.data` when the file says nothing, or the input is not found or another one.
  public init(_ file: URL, input: URL?) throws {
    provenance = try Provenance(contentsOf: file)
    if let verb = provenance.options["verb"] {
      throw PipelineError.data(
        "\(file.relativePath) was made by '\(verb)'; files made by 'run' can be replayed")
    }
    guard let wanted = provenance.condition?.inputSHA256 else {
      guard provenance.condition?.text != nil else {
        throw PipelineError.data(
          "\(file.relativePath) does not name its input; it was made from a pipe of stages")
      }
      guard input == nil else {
        throw PipelineError.usage(
          "\(file.relativePath) was made from no file; without --input it would be right")
      }
      self.input = nil
      return
    }
    if let input {
      guard Digest.sha256(try FileBytes.read(input)) == wanted else {
        throw PipelineError.data(
          "\(input.relativePath) is not what \(file.relativePath) was made from (SHA-256 \(wanted.prefix(12))…)"
        )
      }
      self.input = input
    } else {
      self.input = try Self.find(wanted, for: file)
    }
  }

  /// What goes into the pipeline.
  public func inputData() throws -> Data {
    if let input, provenance.condition?.inputOption == nil { return try FileBytes.read(input) }
    return Data((provenance.condition?.text ?? "").utf8)
  }

  /// What differs between then and now, one phrase each; empty when the same bytes are promised.
  public func differences(_ task: any PipelineTask, _ specification: Specification) throws -> [String] {
    var differences: [String] = []
    if provenance.version != PipelineVersion.current {
      differences.append("version \(provenance.version) then, \(PipelineVersion.current) now")
    }
    if let name = provenance.model, let then = provenance.weightsSHA256,
      let now = try task.weightsSHA256(provenance.options, specification), now != then
    {
      differences.append("weights of '\(name)' \(then.prefix(12))… then, \(now.prefix(12))… now")
    }
    let others = try task.otherWeights(provenance.options, specification)
    for (name, now) in others.sorted(by: { $0.key < $1.key }) {
      if let then = provenance.condition?.values[name], then != now {
        differences.append("\(name) \(then.prefix(12))… then, \(now.prefix(12))… now")
      }
    }
    for (name, then) in (provenance.condition?.values ?? [:]).sorted(by: { $0.key < $1.key })
    where name.hasSuffix(" SHA-256") && others[name] == nil {
      differences.append("\(name) \(then.prefix(12))… then, none now")
    }
    if let engine = provenance.engine {
      let now = (try Libtorch.version(), try Libtorch.cpuCapability())
      if engine.libtorch != now.0 { differences.append("libtorch \(engine.libtorch) then, \(now.0) now") }
      if engine.cpuCapability != now.1 { differences.append("\(engine.cpuCapability) then, \(now.1) now") }
    }
    return differences
  }

  /// The options as if they were given again.
  public var options: [String: GivenOption] {
    var texts = provenance.options
    if let input, let option = provenance.condition?.inputOption { texts[option] = input.path }
    return Dictionary(
      uniqueKeysWithValues: texts.map {
        ($0.key, GivenOption($0.value, place: "the file's --\($0.key)"))
      })
  }

  /// How far two pictures are apart; nil when their sizes differ or they are no pictures.
  /// - Returns: largest difference of a sample, in grey levels of the depth of `a`.
  public static func largestDifference(_ a: Data, _ b: Data) -> Int? {
    guard let a = try? Image(decoding: a, name: "then"), let b = try? Image(decoding: b, name: "now"),
      a.width == b.width, a.height == b.height, a.channels == b.channels
    else { return nil }
    switch (a.samples, b.samples) {
    case (.uint8(let a), .uint8(let b)): return zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0
    case (.uint16(let a), .uint16(let b)): return zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0
    default: return nil
    }
  }

  /// How far two recordings are apart, read block after block; nil when their lengths, rates or channels differ, or when
  /// one is no recording.
  /// - Returns: largest difference of a sample, full scale being 1.
  public static func largestDifference(ofSounds a: URL, _ b: URL) -> Double? {
    guard let a = try? AudioReader(contentsOf: a), let b = try? AudioReader(contentsOf: b),
      a.sampleRate == b.sampleRate, a.channels == b.channels, a.frames == b.frames
    else { return nil }
    var most: Float = 0
    while true {
      guard let one = try? a.read(), let other = try? b.read(), one.count == other.count else { return nil }
      if one.isEmpty { return Double(most) }
      for (x, y) in zip(one, other) { most = max(most, abs(x - y)) }
    }
  }

  private static func find(_ wanted: String, for file: URL) throws -> URL {
    var folders = [file.deletingLastPathComponent()]
    folders.append(URL(fileURLWithPath: FileManager.default.currentDirectoryPath))
    for folder in folders {
      for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted() {
        let candidate = folder.appendingPathComponent(name)
        let type =
          try? FileManager.default.attributesOfItem(atPath: candidate.path)[.type] as? FileAttributeType
        if type == .typeRegular, (try? Digest.sha256(of: candidate)) == wanted { return candidate }
      }
    }
    throw PipelineError.data(
      "the input of \(file.relativePath) (SHA-256 \(wanted.prefix(12))…) is neither beside it nor in the working "
        + "folder; name it with --input")
  }
}

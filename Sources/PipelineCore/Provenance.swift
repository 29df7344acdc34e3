internal import Foundation
public import MediaIO
internal import Torch

/// Where a file came from: enough to make the same bytes again on the same engine.
///
/// It rides in every file written, as one line of JSON with sorted keys: in a PNG as the iTXt text `pipeline`, in
/// sound as a line of the comment, in safetensors and npz as the metadata `pipeline`.
public struct Provenance: Codable, Sendable, Equatable {
  /// The keyword of the text that carries it.
  public static let imageText = "pipeline"

  /// What the model was told about y.
  public struct Condition: Codable, Sendable, Equatable {
    /// The file that was given, by its contents.
    public var inputSHA256: String?
    /// The option that named that file, where it did not go into the pipeline itself. `options` do not repeat its path:
    /// the same contents make the same file wherever they lie.
    public var inputOption: String?
    /// The text that went into the pipeline, where it begins with one.
    public var text: String?
    /// What was given in words or numbers: a label, a caption.
    public var values: [String: String] = [:]
    /// True where y was left out and drawn from P(y); `values` then holds what was drawn.
    public var isDrawn: Bool = false

    public init(
      inputSHA256: String? = nil, inputOption: String? = nil, text: String? = nil,
      values: [String: String] = [:], isDrawn: Bool = false
    ) {
      self.inputSHA256 = inputSHA256
      self.inputOption = inputOption
      self.text = text
      self.values = values
      self.isDrawn = isDrawn
    }
  }

  /// What computes: on one engine the same bytes come out.
  public struct Engine: Codable, Sendable, Equatable {
    /// Its version, such as `2.13.0+cpu`.
    public var libtorch: String
    /// The instruction set in use, such as `AVX512`.
    public var cpuCapability: String
    /// `cpu` or `cuda:0`.
    public var device: String

    public init(libtorch: String, cpuCapability: String, device: String) {
      self.libtorch = libtorch
      self.cpuCapability = cpuCapability
      self.device = device
    }

    /// What computes here.
    /// - Throws: `TensorError` when libtorch cannot be loaded.
    public static func current(device: String = "cpu") throws -> Engine {
      Engine(
        libtorch: try Libtorch.version(), cpuCapability: try Libtorch.cpuCapability(), device: device)
    }
  }

  public var task: String
  public var model: String?
  public var weightsSHA256: String?
  public var condition: Condition?
  public var seed: UInt64?
  public var sampleIndex: Int?
  public var sampler: String?
  /// Of this program.
  public var version: String
  public var engine: Engine?
  /// Every option of the command, defaults included, as text.
  public var options: [String: String] = [:]

  public init(
    task: String, model: String? = nil, weightsSHA256: String? = nil, condition: Condition? = nil,
    key: SampleKey? = nil, sampler: String? = nil, version: String, engine: Engine? = nil,
    options: [String: String] = [:]
  ) {
    self.task = task
    self.model = model
    self.weightsSHA256 = weightsSHA256
    self.condition = condition
    seed = key?.seed
    sampleIndex = key?.index
    self.sampler = sampler
    self.version = version
    self.engine = engine
    self.options = options
  }

  /// One line; the same text for the same contents.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Texts and whole numbers always encode.
    return String(decoding: try! encoder.encode(self), as: UTF8.self)
  }

  /// - Parameter name: of the file, for messages.
  /// - Throws: `PipelineError` of kind `.data` when the text is not a provenance.
  public init(json: String, name: String) throws {
    do { self = try JSONDecoder().decode(Provenance.self, from: Data(json.utf8)) } catch {
      throw PipelineError.data("\(name) carries a provenance that cannot be read; it was changed or cut off")
    }
  }

  /// - Returns: nil where the picture carries none.
  /// - Throws: `PipelineError` where it carries a broken one.
  public init?(_ metadata: ImageMetadata, name: String) throws {
    guard let text = metadata.texts.last(where: { $0.keyword == Self.imageText }) else { return nil }
    try self.init(json: text.value, name: name)
  }

  /// Writes it into a picture's texts in place of an earlier one; the other texts stay.
  public func write(to metadata: inout ImageMetadata) {
    metadata.texts.removeAll { $0.keyword == Self.imageText }
    metadata.texts.append(.init(keyword: Self.imageText, value: json))
  }

  private static let commentMark = "pipeline: "

  /// For formats that have one comment: the user's own lines, then one line with the provenance.
  public func comment(keeping comment: String = "") -> String {
    let kept = comment.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix(Self.commentMark) }.joined(separator: "\n")
    return (kept.isEmpty ? "" : kept + "\n") + Self.commentMark + json
  }

  /// - Returns: nil where the comment holds none.
  public init?(comment: String, name: String) throws {
    let lines = comment.split(separator: "\n").filter { $0.hasPrefix(Self.commentMark) }
    guard let line = lines.last else { return nil }
    try self.init(json: String(line.dropFirst(Self.commentMark.count)), name: name)
  }

  /// From the metadata of a safetensors or npz file.
  /// - Returns: nil where it holds none.
  public init?(table: [String: String], name: String) throws {
    guard let json = table[Self.imageText] else { return nil }
    try self.init(json: json, name: name)
  }
}

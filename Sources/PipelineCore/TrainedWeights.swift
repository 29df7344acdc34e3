public import Foundation
internal import MediaIO
public import Torch

/// One line of JSON with sorted keys, for the metadata of weights: the same text for the same value.
public enum MetadataText {
  public static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}

/// What a model is made of and for, as its file of weights says it in its metadata.
public protocol StoredDescription: Codable {
  /// Of the files that have such a description, and no others.
  static var architecture: String { get }
  /// For messages: `a judge of audio-synth`.
  static var modelPhrase: String { get }
  /// Whether a file's word can be believed before memory is taken for it.
  var isPlausible: Bool { get }
}

extension StoredDescription {
  private static var keys: (architecture: String, description: String) { ("architecture", "description") }

  /// Reads the header of a `.safetensors` file.
  /// - Throws: `FormatError` for a file that is missing or broken, `TensorError` for one of another kind.
  public init(contentsOf file: URL) throws {
    let metadata = try Safetensors.readHeader(of: file).metadata
    guard metadata[Self.keys.architecture] == Self.architecture, let text = metadata[Self.keys.description],
      let description = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)), description.isPlausible
    else { throw TensorError("\(file.lastPathComponent) does not hold \(Self.modelPhrase) of this tool") }
    self = description
  }

  /// Of the file that `init(contentsOf:)` reads.
  /// - Parameter notes: what else it says.
  public func metadata(notes: [String: String]) throws -> [String: String] {
    var metadata = notes
    metadata[Self.keys.architecture] = Self.architecture
    metadata[Self.keys.description] = try MetadataText.json(self)
    return metadata
  }
}

extension TrainingRequest {
  /// Writes weights beside the checkpoint.
  /// - Parameter make: the file, with the recipe and this program's version in its metadata.
  /// - Throws: `MediaError` when it cannot be written; what `make` throws.
  public func writeWeights(recipe: some Encodable, _ make: (_ notes: [String: String]) throws -> Safetensors)
    throws
    -> URL
  {
    let file = URL(fileURLWithPath: "\(folder.relativePath)/weights.safetensors")
    try OutputFolder.make(folder)
    let notes = ["recipe": try MetadataText.json(recipe), "pipeline": PipelineVersion.current]
    try AtomicFile.write(make(notes).encoded(), to: file)
    return file
  }
}

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

extension TrainingRequest {
  /// Writes weights beside the checkpoint.
  /// - Parameter make: the file, with the recipe and this program's version in its metadata.
  /// - Throws: `MediaError` when it cannot be written; what `make` throws.
  public func writeWeights(recipe: some Encodable, _ make: (_ notes: [String: String]) throws -> Safetensors)
    throws
    -> URL
  {
    let file = URL(fileURLWithPath: "\(folder.relativePath)/weights.safetensors")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let notes = ["recipe": try MetadataText.json(recipe), "pipeline": PipelineVersion.current]
    try AtomicFile.write(make(notes).encoded(), to: file)
    return file
  }
}

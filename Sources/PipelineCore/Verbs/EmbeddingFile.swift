public import Foundation
internal import Torch

/// Embeddings as a file.
public enum EmbeddingFile {
  /// `float32 [N, D]` in NumPy's format.
  /// - Throws: `PipelineError` of kind `.data` when the rows are of different length.
  public static func npy(_ rows: [[Float]]) throws -> Data {
    let width = rows.first?.count ?? 0
    guard rows.allSatisfy({ $0.count == width }) else {
      throw PipelineError.data("embeddings of different length cannot be rows of one array")
    }
    return try NPY.encoded(HostArray(rows.flatMap { $0 }, shape: [rows.count, width]))
  }
}

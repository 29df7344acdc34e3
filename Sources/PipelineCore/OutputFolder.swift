public import Foundation

/// A folder that results go to.
public enum OutputFolder {
  /// Makes it, if it is not there.
  /// - Throws: `PipelineError` of kind `.data` where it cannot be made.
  public static func make(_ folder: URL) throws {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch { throw PipelineError.data("the folder \(folder.relativePath) cannot be made") }
  }
}

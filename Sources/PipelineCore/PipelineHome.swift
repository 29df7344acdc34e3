public import Foundation

/// The folder that holds `pipelines/`: a folder for each task, with its specification and weights.
public struct PipelineHome: Sendable, Equatable {
  /// `…/pipelines`
  public let pipelines: URL

  /// Takes the first place whose folder `pipelines` has a specification in one of its folders:
  ///
  /// 1. `PIPELINE_HOME`; when that is set, no other place is looked at,
  /// 2. `../share/pipeline` beside the executable's folder, as `make install` lays it,
  /// 3. upward from the executable: `.build/release/pipeline` of a checkout,
  /// 4. the checkout that this file was compiled from, so that a package which embeds PipelineKit finds the weights.
  ///
  /// - Throws: `PipelineError` of kind `.usage` that lists the places.
  public init() throws {
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let executable = link ?? CommandLine.arguments.first.map { URL(fileURLWithPath: $0).path } ?? ""
    try self.init(environment: ProcessInfo.processInfo.environment, executable: executable, source: #filePath)
  }

  init(environment: [String: String], executable: String, source: String) throws {
    var places: [URL] = []
    if let home = environment["PIPELINE_HOME"], !home.isEmpty {
      places = [URL(fileURLWithPath: home, isDirectory: true)]
    } else {
      var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
      places.append(folder.deletingLastPathComponent().appendingPathComponent("share/pipeline"))
      while folder.path != "/" {
        places.append(folder)
        folder.deleteLastPathComponent()
      }
      // Sources/PipelineCore/PipelineHome.swift
      places.append(
        URL(fileURLWithPath: source).deletingLastPathComponent().deletingLastPathComponent()
          .deletingLastPathComponent())
    }
    for place in places {
      let folder = place.appendingPathComponent("pipelines", isDirectory: true)
      // Folders called `pipelines` are common, and the way up passes through other people's.
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      let candidate = PipelineHome(pipelines: folder)
      if names.contains(where: {
        FileManager.default.fileExists(atPath: candidate.specification(of: $0).path)
      }) {
        self = candidate
        return
      }
    }
    throw PipelineError.usage(
      "there is no folder 'pipelines' with a specification in \(places.map(\.path).joined(separator: ", ")); "
        + "set PIPELINE_HOME to the folder that holds it")
  }

  public init(pipelines: URL) { self.pipelines = pipelines }

  public func folder(of task: String) -> URL { pipelines.appendingPathComponent(task, isDirectory: true) }

  public func specification(of task: String) -> URL {
    folder(of: task).appendingPathComponent("pipeline.yaml")
  }
}

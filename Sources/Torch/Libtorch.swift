internal import CTorch
internal import Foundation

/// The tensor engine: libtorch, opened on first use.
///
/// The seam (`libCTorchLibrary.so`) is looked for in `PIPELINE_CTORCH` (a file), beside the executable, in
/// `../lib/pipeline` as `make install` lays it, and beside this package's other products. `LIBTORCH` names a
/// folder with `lib/libtorch_cpu.so` that is used instead of the one that the seam was built against.
public enum Libtorch {
  /// libtorch's version, such as `2.13.0`.
  /// - Throws: `TensorError` when libtorch cannot be loaded.
  public static func version() throws -> String { String(cString: try api().version()) }

  /// The instruction set that libtorch's own kernels use, such as `AVX512`.
  public static func cpuCapability() throws -> String { String(cString: try api().cpu_capability()) }

  /// Number of CUDA devices that libtorch can use; 0 with a CPU build.
  public static func cudaDeviceCount() throws -> Int { Int(try api().cuda_device_count()) }

  /// Sets how many threads one operator may use, for the calling thread.
  public static func setThreadCount(_ count: Int) throws { try api().set_thread_count(Int32(count)) }

  /// How many threads one operator may use on the calling thread.
  public static func threadCount() throws -> Int { Int(try api().thread_count()) }

  /// The table is never written to after it was made.
  private struct Table: @unchecked Sendable {
    let api: CTorchAPI
  }

  private static let opened: Result<Table, TensorError> = open()

  static func api() throws -> CTorchAPI { try opened.get().api }

  /// For the places that cannot throw, which only have tensors to work on once the seam is open.
  static var openedAPI: CTorchAPI {
    guard case .success(let table) = opened else { fatalError("a tensor exists without libtorch") }
    return table.api
  }

  static func failure(_ context: String) -> TensorError {
    let text = String(cString: openedAPI.last_error())
    let line = text.split(separator: "\n").first.map(String.init) ?? text
    return TensorError("\(context): \(line)")
  }

  private static func open() -> Result<Table, TensorError> {
    let environment = ProcessInfo.processInfo.environment
    let libtorch = environment["LIBTORCH"].map { $0 + "/lib" }
    let candidates = seamCandidates(environment)
    guard let seam = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      return .failure(
        TensorError(
          "libCTorchLibrary.so, the seam over libtorch, is in none of \(candidates.joined(separator: ", ")); "
            + "run `make build`, or name the file in PIPELINE_CTORCH"))
    }
    var message = [CChar](repeating: 0, count: 1024)
    guard let api = ctorch_open(seam, libtorch, &message, message.count) else {
      let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      return .failure(
        TensorError(
          "libtorch cannot be loaded (\(String(decoding: bytes, as: UTF8.self))); run `make deps`, "
            + "or name a folder with lib/libtorch_cpu.so in LIBTORCH"))
    }
    return .success(Table(api: api.pointee))
  }

  private static func seamCandidates(_ environment: [String: String]) -> [String] {
    let name = "libCTorchLibrary.so"
    if let named = environment["PIPELINE_CTORCH"] { return [named] }
    var folders: [String] = []
    if let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      let folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
      folders.append(folder.path)
      folders.append(folder.deletingLastPathComponent().appendingPathComponent("lib/pipeline").path)
    }
    // A test bundle is run by a tool of the toolchain: its own folder is in the arguments.
    for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
      folders.append(URL(fileURLWithPath: argument).deletingLastPathComponent().path)
    }
    return folders.map { $0 + "/" + name }
  }
}

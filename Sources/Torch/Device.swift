/// Where a tensor lives.
public enum Device: Sendable, Equatable, CustomStringConvertible {
  case cpu
  case cuda(Int)

  /// Reads `cpu`, `cuda` or `cuda:1`.
  /// - Throws: `TensorError` for another name or for a device that is not there.
  public init(_ name: String) throws {
    if name == "cpu" {
      self = .cpu
      return
    }
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.first == "cuda", parts.count <= 2, let index = parts.count == 1 ? 0 : Int(parts[1]),
      index >= 0
    else { throw TensorError("device '\(name)' is not known; 'cpu', 'cuda' or 'cuda:N' would be right") }
    let count = try Libtorch.cudaDeviceCount()
    guard index < count else {
      throw TensorError(
        count == 0
          ? "device '\(name)' is not here: this libtorch sees no CUDA device; use 'cpu', or set LIBTORCH to a CUDA build"
          : "device '\(name)' is not here: there are \(count), counted from 0")
    }
    self = .cuda(index)
  }

  init(seam index: Int64) { self = index == 0 ? .cpu : .cuda(Int(index - 1)) }

  /// 0 for the CPU, 1 + n for the CUDA device n.
  var seamIndex: Int64 {
    switch self {
    case .cpu: 0
    case .cuda(let index): Int64(index) + 1
    }
  }

  public var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }
}
